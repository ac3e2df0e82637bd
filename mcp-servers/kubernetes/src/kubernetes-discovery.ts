import { CallerError } from '@watchkeeper/mcp-shared'
import { builtInKind, groupPath, type Kind } from './kinds.ts'
import type { Connection } from './kubernetes-connection.ts'

type GroupList = { groups?: { name?: string; preferredVersion?: { version?: string } }[] }
type ResourceList = {
  resources?: { name?: string; singularName?: string; kind?: string; namespaced?: boolean; shortNames?: string[] }[]
}

const FRESH = 60_000

/** Finds kinds by any of their names: built-in ones without asking, all others by the API server's discovery, kept for a minute. */
export function discovery(connection: Connection, now: () => number) {
  let kept: { at: number; kinds: Map<string, Kind> } | undefined

  async function read(signal: AbortSignal): Promise<Map<string, Kind>> {
    const about = 'discovery'
    const { groups = [] } = await connection.json<GroupList>({ method: 'GET', path: '/apis', signal, about })
    const lists = await Promise.all(
      groups.map(async ({ name = '', preferredVersion }) => {
        const version = preferredVersion?.version ?? 'v1'
        const path = groupPath({ group: name, version })
        // A group whose own server is down must not hide the others.
        const list = await connection
          .json<ResourceList>({ method: 'GET', path, signal, about })
          .catch((): ResourceList => ({}))
        return (list.resources ?? []).map((resource) => ({ group: name, version, ...resource }))
      }),
    )
    signal.throwIfAborted()
    const kinds = new Map<string, Kind>()
    for (const {
      name: plural = '',
      kind = '',
      singularName,
      shortNames = [],
      group,
      version,
      namespaced = false,
    } of lists.flat()) {
      if (plural.includes('/')) continue
      const found = { kind, plural, group, version, namespaced }
      for (const name of [kind, plural, ...(singularName ? [singularName] : []), ...shortNames].map((text) =>
        text.toLowerCase(),
      )) {
        if (!kinds.has(name)) kinds.set(name, found)
        kinds.set(`${name}.${group}`, found)
      }
    }
    return kinds
  }

  return async function kindOf(name: string, signal: AbortSignal): Promise<Kind> {
    const known = builtInKind(name)
    if (known) return known
    if (!kept || now() - kept.at > FRESH) kept = { at: now(), kinds: await read(signal) }
    const found = kept.kinds.get(name.toLowerCase())
    if (found) return found
    throw new CallerError(
      'not_found',
      `This cluster has no kind "${name}". Write it as Pod, pods, or certificates.cert-manager.io.`,
    )
  }
}
