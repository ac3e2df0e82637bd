import { CallerError, count, oneLine, page, ToolError } from '@watchkeeper/mcp-shared'
import { z } from 'zod'
import { GuestId, limitOf, NodeName, StorageId } from '../arguments.ts'
import type { ProxmoxCluster } from '../cluster.ts'
import { effectIn } from '../marks.ts'
import { flag, iso, num, parts, type Row, share, text } from '../rows.ts'
import { defineTool } from '../tool.ts'

const FULL = 0.85

export const storageList = defineTool({
  name: 'storage_list',
  title: 'List the storages',
  effect: 'read',
  description: 'Storages of the cluster or of one node, the fullest first.',
  input: z.strictObject({ node: NodeName.optional() }),
  output: z.object({
    summary: z.string(),
    items: z.array(
      z.object({
        storage: z.string(),
        node: z.string(),
        type: z.string().optional(),
        available: z.boolean(),
        used: z.number().optional(),
        total: z.number().optional(),
        full: z.number().optional().describe('0 to 1'),
        shared: z.boolean(),
        content: z.array(z.string()),
      }),
    ),
    truncated: z.boolean(),
    total: z.number(),
  }),
  async run({ node }, cluster, { signal }) {
    const rows = await cluster.resources('storage', signal)
    const items = rows
      .filter((row) => text(row, 'type') === 'storage' && (node === undefined || text(row, 'node') === node))
      .map(storageView)
      .toSorted(
        (a, b) => (b.full ?? 0) - (a.full ?? 0) || a.storage.localeCompare(b.storage) || a.node.localeCompare(b.node),
      )
    const full = items.filter((one) => (one.full ?? 0) >= FULL).length
    return {
      summary: `${count(items.length, 'storage')}${full > 0 ? `, ${full} of them 85 % full or more` : ''}.`,
      ...page(items, 200),
    }
  },
})

function storageView(row: Row) {
  return {
    storage: text(row, 'storage') ?? '',
    node: text(row, 'node') ?? '',
    type: text(row, 'plugintype'),
    available: text(row, 'status') === 'available',
    used: num(row, 'disk'),
    total: num(row, 'maxdisk'),
    full: share(num(row, 'disk'), num(row, 'maxdisk')),
    shared: flag(row, 'shared'),
    content: parts(text(row, 'content')).toSorted(),
  }
}

export const storageContent = defineTool({
  name: 'storage_content',
  title: 'List what lies on a storage',
  effect: 'read',
  description: 'Volumes of one storage, the largest first. A storage that is not shared needs its node.',
  untrusted: true,
  input: z.strictObject({
    storage: StorageId,
    node: NodeName.optional(),
    content: z.enum(['images', 'rootdir', 'backup', 'iso', 'vztmpl', 'snippets', 'import']).optional(),
    guest: GuestId.optional(),
    limit: limitOf(100),
  }),
  output: z.object({
    summary: z.string(),
    items: z.array(
      z.object({
        volume: z.string(),
        size: z.number().optional(),
        guest: z.number().optional(),
        format: z.string().optional(),
        made: z.string().optional(),
        notes: z.string().optional(),
        protected: z.boolean(),
      }),
    ),
    truncated: z.boolean(),
    total: z.number(),
  }),
  async run({ storage, node, content, guest, limit }, cluster, { signal }) {
    const on = node ?? (await nodeWith(cluster, storage, signal))
    const rows = await cluster.storageContent(on, storage, { content, guest }, signal)
    const items = rows
      .map(volumeView)
      .toSorted((a, b) => (b.size ?? 0) - (a.size ?? 0) || a.volume.localeCompare(b.volume))
    return { summary: `${count(items.length, 'volume')} on ${storage} (${on}).`, ...page(items, limit) }
  },
})

/** A node that has the storage. Throws when there is none, or when each node has one of its own under this name. */
async function nodeWith(cluster: ProxmoxCluster, storage: string, signal: AbortSignal): Promise<string> {
  const found = (await cluster.resources('storage', signal)).filter((row) => text(row, 'storage') === storage)
  const available = found.filter((row) => text(row, 'status') === 'available')
  const [first] = available
  if (!first) throw new CallerError('not_found', `There is no storage ${storage} that is available on any node.`)
  const nodes = available.flatMap((row) => text(row, 'node') ?? [])
  if (nodes.length > 1 && !flag(first, 'shared'))
    throw new CallerError(
      'invalid',
      `Each node has a ${storage} of its own: give node (${nodes.slice(0, 20).join(', ')}).`,
    )
  return nodes[0] ?? ''
}

export function volumeView(row: Row) {
  return {
    volume: oneLine(text(row, 'volid') ?? '', 300),
    size: num(row, 'size'),
    guest: num(row, 'vmid'),
    format: text(row, 'format'),
    made: iso(num(row, 'ctime')),
    notes: oneLine(text(row, 'notes') ?? '', 300) || undefined,
    protected: flag(row, 'protected'),
  }
}

export const backupsList = defineTool({
  name: 'backups_list',
  title: 'List backups, and guests without one',
  effect: 'read',
  description:
    'Backups on all storages, newest first, of one guest or all; guests that have none, and those that no job covers.',
  untrusted: true,
  input: z.strictObject({ guest: GuestId.optional(), limit: limitOf(50) }),
  output: z.object({
    summary: z.string(),
    items: z.array(
      z.object({
        volume: z.string(),
        guest: z.number().optional(),
        made: z.string().optional(),
        size: z.number().optional(),
        verified: z.string().optional(),
        notes: z.string().optional(),
        effect: z.string().optional(),
      }),
    ),
    without_backup: z.array(z.number()),
    without_job: z.array(z.number()),
    not_asked: z.array(z.string()),
    truncated: z.boolean(),
    total: z.number(),
  }),
  async run({ guest, limit }, cluster, { signal }) {
    const [all, uncovered] = await Promise.all([cluster.resources(undefined, signal), cluster.notBackedUp(signal)])
    const { rows, failed } = await backupsOn(cluster, backupStorages(all), guest, signal)
    const items = rows.map(backupView).toSorted((a, b) => (b.made ?? '').localeCompare(a.made ?? ''))
    const kept = new Set(items.flatMap((one) => one.guest ?? []))
    const ids = all.flatMap((row) =>
      num(row, 'vmid') !== undefined && !flag(row, 'template') ? (num(row, 'vmid') ?? []) : [],
    )
    const asked = guest === undefined ? ids : ids.filter((id) => id === guest)
    const without = asked.filter((id) => !kept.has(id)).toSorted((a, b) => a - b)
    return {
      summary: `${count(items.length, 'backup')}${guest ? ` of guest ${guest}` : ''}, newest of ${items[0]?.made ?? 'never'}; ${count(without.length, 'guest')} without one.`,
      ...page(items, limit),
      without_backup: without.slice(0, 500),
      without_job: uncovered
        .flatMap((row) => num(row, 'vmid') ?? [])
        .filter((id) => guest === undefined || id === guest)
        .slice(0, 500),
      not_asked: failed,
    }
  },
})

/** Where backups can lie: each storage once on each node, a shared one only once. */
function backupStorages(rows: readonly Row[]): { node: string; storage: string }[] {
  const found = new Map<string, { node: string; storage: string }>()
  for (const row of rows) {
    const [node, storage] = [text(row, 'node'), text(row, 'storage')]
    const fits = text(row, 'type') === 'storage' && text(row, 'status') === 'available'
    if (!node || !storage || !fits || !parts(text(row, 'content')).includes('backup')) continue
    found.set(flag(row, 'shared') ? storage : `${node}/${storage}`, { node, storage })
  }
  return [...found.values()]
}

async function backupsOn(
  cluster: ProxmoxCluster,
  storages: readonly { node: string; storage: string }[],
  guest: number | undefined,
  signal: AbortSignal,
): Promise<{ rows: Row[]; failed: string[] }> {
  const answers = await Promise.allSettled(
    storages.map(({ node, storage }) => cluster.storageContent(node, storage, { content: 'backup', guest }, signal)),
  )
  signal.throwIfAborted()
  const failed = answers.flatMap((answer, at) => {
    if (answer.status === 'fulfilled') return []
    if (!(answer.reason instanceof ToolError)) throw answer.reason
    return [`${storages[at]?.storage} on ${storages[at]?.node}: ${oneLine(answer.reason.message, 200)}`]
  })
  return { rows: answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : [])), failed }
}

function backupView(row: Row) {
  const verification = row.verification
  const state =
    verification !== null && typeof verification === 'object' && 'state' in verification
      ? verification.state
      : undefined
  return {
    ...(({ volume, guest, made, size, notes }) => ({ volume, guest, made, size, notes }))(volumeView(row)),
    verified: typeof state === 'string' ? state : undefined,
    effect: effectIn(text(row, 'notes')),
  }
}
