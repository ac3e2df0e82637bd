import { CallerError } from '@watchkeeper/mcp-shared'
import type { Cluster } from './cluster.ts'
import type { Kind } from './kinds.ts'
import type { KubeObject } from './objects.ts'

/** One object by the words of a call; says which of namespace and kind do not go together. */
export async function readObject<T extends KubeObject>(
  cluster: Cluster,
  { kind: name, namespace, name: object }: { kind: string; namespace?: string | undefined; name: string },
  signal: AbortSignal,
): Promise<{ kind: Kind; object: T }> {
  const kind = await cluster.kind(name, signal)
  if (kind.namespaced && !namespace) throw new CallerError('invalid', `A ${kind.kind} lives in a namespace: say which.`)
  const found = await cluster.object<T>(
    { kind, namespace: kind.namespaced ? namespace : undefined, name: object },
    signal,
  )
  return { kind, object: { ...found, kind: found.kind ?? kind.kind } }
}
