import { CallerError } from '@watchkeeper/mcp-shared'
import type { ApiResource } from './cluster.ts'
import { builtInKind, groupPath, type Kind } from './kinds.ts'
import type { Connection } from './kubernetes-connection.ts'

type GroupList = { groups?: { name?: string; preferredVersion?: { version?: string } }[] }
type ResourceList = {
  resources?: {
    name?: string
    singularName?: string
    kind?: string
    namespaced?: boolean
    shortNames?: string[]
    verbs?: string[]
  }[]
}

type Found = { kinds: Map<string, Kind>; resources: ApiResource[] }

const FRESH = 60_000

/** What the cluster serves. Kinds are found by any of their names: built-in ones without asking, others by discovery, kept for a minute. */
export function discovery(connection: Connection, now: () => number) {
  let kept: (Found & { at: number }) | undefined

  async function read(signal: AbortSignal): Promise<Found> {
    const about = 'discovery'
    const { groups = [] } = await connection.json<GroupList>({ method: 'GET', path: '/apis', signal, about })
    const lists = await Promise.all(
      [{ name: '', preferredVersion: { version: 'v1' } }, ...groups].map(async ({ name = '', preferredVersion }) => {
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
    const resources: ApiResource[] = []
    for (const {
      name: plural = '',
      kind = '',
      singularName,
      shortNames = [],
      group,
      version,
      namespaced = false,
      verbs = [],
    } of lists.flat()) {
      if (plural.includes('/')) continue
      const found = { kind, plural, group, version, namespaced }
      if (verbs.includes('list')) resources.push({ ...found, short: shortNames, verbs })
      for (const name of [kind, plural, ...(singularName ? [singularName] : []), ...shortNames].map((text) =>
        text.toLowerCase(),
      )) {
        if (!kinds.has(name)) kinds.set(name, found)
        kinds.set(`${name}.${group}`, found)
      }
    }
    return { kinds, resources }
  }

  async function fresh(signal: AbortSignal): Promise<Found> {
    if (!kept || now() - kept.at > FRESH) kept = { at: now(), ...(await read(signal)) }
    return kept
  }

  async function kindOf(name: string, signal: AbortSignal): Promise<Kind> {
    const found = builtInKind(name) ?? (await fresh(signal)).kinds.get(name.toLowerCase())
    if (found) return found
    throw new CallerError(
      'not_found',
      `This cluster has no kind "${name}". Write it as Pod, pods, or certificates.cert-manager.io.`,
    )
  }

  return { kindOf, resources: async (signal: AbortSignal) => (await fresh(signal)).resources }
}
