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

/** Rows as the API server prints them for `kubectl get`. */
export type TablePage = {
  columns: string[]
  rows: { namespace: string | null; name: string; cells: unknown[] }[]
  next: string | null
  remaining: number | null
}

/** A resource as discovery tells of it. */
export type ApiResource = Kind & { short: string[]; verbs: string[] }

export type Credential = 'reader' | 'operator'

/** What is asked of the API server's authorizer; without a namespace, in all of them. */
export type AccessQuestion = {
  verb: string
  kind: Pick<Kind, 'group' | 'plural'>
  subresource?: string | undefined
  namespace?: string | undefined
  name?: string | undefined
}

/** One rule of RBAC as the API server reports it for a credential. */
export type AccessRule = { verbs?: string[]; apiGroups?: string[]; resources?: string[]; resourceNames?: string[] }

export type LogQuery = {
  namespace: string
  pod: string
  container?: string | undefined
  previous: boolean
  tail: number
  sinceSeconds?: number | undefined
}

/**
 * One Kubernetes cluster as the tools speak of it. Reads use the reader's credential; `readForChange` and whatever writes,
 * rehearsed or not, the operator's.
 *
 * Every method honours `signal` and throws a `ToolError`: `not_found`, `forbidden` with the missing privilege, `conflict`,
 * `invalid`, `refused` by a disruption budget, `unreachable`.
 */
export type Cluster = {
  /** The name of its context. */
  readonly name: string
  /** Finds a kind by what people call it: `Pod`, `pods`, `po`, `certificates.cert-manager.io`. */
  kind(name: string, signal: AbortSignal): Promise<Kind>
  /** Everything the cluster serves that can be listed, custom resources too, in its preferred versions. */
  resources(signal: AbortSignal): Promise<ApiResource[]>
  object<T extends KubeObject>(ref: ObjectRef, signal: AbortSignal): Promise<T>
  objects<T extends KubeObject>(query: Query, signal: AbortSignal): Promise<ObjectPage<T>>
  /** Only the columns of the default view, unless `wide`. */
  table(query: Query & { wide?: boolean }, signal: AbortSignal): Promise<TablePage>
  /** The last lines of a container, as they were written. */
  logs(query: LogQuery, signal: AbortSignal): Promise<string>
  /** The API server's version, such as `v1.34.1`. */
  version(signal: AbortSignal): Promise<string>
  readForChange<T extends KubeObject>(ref: ObjectRef, signal: AbortSignal): Promise<T>
  /** Whether a credential may do something, and why as far as the authorizer says. */
  may(
    question: AccessQuestion,
    as: Credential,
    signal: AbortSignal,
  ): Promise<{ allowed: boolean; reason: string | null }>
  /** All a credential may do in a namespace, cluster-wide rules included. */
  rules(namespace: string, as: Credential, signal: AbortSignal): Promise<{ rules: AccessRule[]; incomplete: boolean }>
  /** A strategic merge patch; `metadata.resourceVersion` in it makes the API server refuse it if the object moved (`conflict`). */
  patch<T extends KubeObject>(
    ref: ObjectRef,
    patch: object,
    options: { dryRun: boolean },
    signal: AbortSignal,
  ): Promise<T>
  /**
   * Server-side apply as this server's field manager, making the object where it is not there. Fields that another manager
   * holds with another value are a `conflict` that names them, unless `force` takes them over.
   */
  apply<T extends KubeObject>(
    ref: ObjectRef,
    manifest: object,
    options: { dryRun: boolean; force: boolean },
    signal: AbortSignal,
  ): Promise<T>
  /** Makes a new object; `conflict` where there is one of this name. */
  create<T extends KubeObject>(
    ref: ObjectRef,
    object: object,
    options: { dryRun: boolean },
    signal: AbortSignal,
  ): Promise<T>
  /** Deletes exactly the object with this uid (`conflict` when it is another by now); what it owns goes in the background. */
  delete(ref: ObjectRef, options: { uid: string; dryRun: boolean }, signal: AbortSignal): Promise<void>
  /** The Eviction subresource of a pod with this uid. `refused` when a disruption budget forbids it; the message names it. */
  evict(ref: ObjectRef, options: { uid: string; dryRun: boolean }, signal: AbortSignal): Promise<void>
}
