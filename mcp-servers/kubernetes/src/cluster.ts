import type { Kind } from './kinds.ts'
import type { KubeObject } from './objects.ts'

export type ObjectRef = { kind: Kind; namespace?: string | undefined; name: string }

export type Query = {
  kind: Kind
  /** Left out: every namespace. */
  namespace?: string | undefined
  labels?: string | undefined
  fields?: string | undefined
  limit: number
  /** The `next` of the page before. */
  continue?: string | undefined
}

export type ObjectPage<T> = { items: T[]; next: string | null; remaining: number | null }

/** Rows as the API server prints them for `kubectl get`; only the columns of the default view. */
export type TablePage = {
  columns: string[]
  rows: { namespace: string | null; name: string; cells: unknown[] }[]
  next: string | null
  remaining: number | null
}

export type LogQuery = {
  namespace: string
  pod: string
  container?: string | undefined
  previous: boolean
  tail: number
  sinceSeconds?: number | undefined
}

/**
 * One Kubernetes cluster as the tools speak of it. Reads use the reader's credential; `readForChange` and `patch` the operator's.
 *
 * Every method honours `signal` and throws a `ToolError`: `not_found`, `forbidden` with the missing privilege, `conflict`,
 * `invalid`, `unreachable`.
 */
export type Cluster = {
  /** The name of its context. */
  readonly name: string
  /** Finds a kind by what people call it: `Pod`, `pods`, `po`, `certificates.cert-manager.io`. */
  kind(name: string, signal: AbortSignal): Promise<Kind>
  object<T extends KubeObject>(ref: ObjectRef, signal: AbortSignal): Promise<T>
  objects<T extends KubeObject>(query: Query, signal: AbortSignal): Promise<ObjectPage<T>>
  table(query: Query, signal: AbortSignal): Promise<TablePage>
  /** The last lines of a container, as they were written. */
  logs(query: LogQuery, signal: AbortSignal): Promise<string>
  /** The API server's version, such as `v1.34.1`. */
  version(signal: AbortSignal): Promise<string>
  readForChange<T extends KubeObject>(ref: ObjectRef, signal: AbortSignal): Promise<T>
  /** A strategic merge patch; `metadata.resourceVersion` in it makes the API server refuse it if the object moved (`conflict`). */
  patch<T extends KubeObject>(
    ref: ObjectRef,
    patch: object,
    options: { dryRun: boolean },
    signal: AbortSignal,
  ): Promise<T>
}
