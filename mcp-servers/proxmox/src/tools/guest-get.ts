import { brief, clip, oneLine } from '@watchkeeper/mcp-shared'
import { z } from 'zod'
import { GuestId } from '../arguments.ts'
import { nameOf, protectedBy, readGuest } from '../live-guest.ts'
import { splitNotes } from '../marks.ts'
import { maskConfig, maskValue } from '../mask-config.ts'
import { flag, num, type Row, share, text } from '../rows.ts'
import { defineTool } from '../tool.ts'

const Value = z.unknown()

export const guestGet = defineTool({
  name: 'guest_get',
  title: 'Look at a guest',
  effect: 'read',
  description:
    'A guest, found by its id wherever it is: status as its node has it now, lock, configuration (secrets masked), changes waiting for a restart, snapshots.',
  untrusted: true,
  input: z.strictObject({ guest: GuestId }),
  output: z.object({
    summary: z.string(),
    id: z.number(),
    kind: z.string(),
    node: z.string(),
    name: z.string().optional(),
    status: z.string().describe('running, paused or stopped'),
    lock: z.string().optional(),
    ha: z.string().optional(),
    uptime: z.number().optional(),
    cpu: z.number().optional(),
    memory: z.number().optional(),
    memory_total: z.number().optional(),
    protected_tag: z.string().optional(),
    config: z.record(z.string(), Value),
    pending: z.array(brief(z.object({ key: z.string(), value: Value, pending: Value, delete: z.boolean() }))),
    snapshots: z.array(z.string()),
  }),
  async run({ guest }, cluster, { signal }) {
    const live = await readGuest(cluster, guest, signal)
    const [pending, snapshots] = await Promise.all([
      cluster.guestPending(live.ref, signal),
      cluster.guestSnapshots(live.ref, signal),
    ])
    const { status } = live
    const waiting = pending.filter((row) => row.pending !== undefined || row.delete !== undefined)
    return {
      summary: `${nameOf(live)} is ${live.state} on ${live.ref.node}${live.lock ? `, locked (${live.lock})` : ''}${waiting.length > 0 ? `, ${waiting.length} changes wait for a restart` : ''}.`,
      id: guest,
      kind: live.ref.kind,
      node: live.ref.node,
      name: live.ref.name,
      status: live.state,
      lock: live.lock,
      ha: live.ha,
      uptime: num(status, 'uptime'),
      cpu: share(num(status, 'cpu'), 1),
      memory: share(num(status, 'mem'), num(status, 'maxmem')),
      memory_total: num(status, 'maxmem'),
      protected_tag: protectedBy(live, cluster),
      config: configView(live.config),
      pending: waiting.slice(0, 50).map(pendingView),
      snapshots: snapshots
        .flatMap((row) => text(row, 'name') ?? [])
        .filter((name) => name !== 'current')
        .slice(0, 100),
    }
  },
})

/** The configuration with secrets masked, our own marks left out, and switches as the booleans they are. */
function configView(config: Row): Record<string, unknown> {
  const { digest: _digest, description, ...rest } = maskConfig(config)
  const { notes } = splitNotes(description === undefined ? '' : String(description))
  const switches = ['onboot', 'template', 'protection', 'unprivileged'].map((key) => [key, flag(config, key)] as const)
  const set = switches.filter(([key, value]) => value || key === 'onboot')
  const shown = Object.entries(rest).slice(0, MOST_KEYS)
  return {
    ...Object.fromEntries(shown.map(([key, value]) => [key, short(value)])),
    ...(notes ? { description: clip(notes, 2_000) } : {}),
    ...Object.fromEntries(set),
  }
}

const MOST_KEYS = 150
const LONGEST = 400

function short(value: unknown): unknown {
  return typeof value === 'string' ? clip(value, LONGEST) : value
}

function pendingView(row: Row) {
  const key = text(row, 'key') ?? ''
  const shown = (field: string) => short(maskValue(key, row[field]) ?? null)
  return { key: oneLine(key, 60), value: shown('value'), pending: shown('pending'), delete: flag(row, 'delete') }
}
