import { CallerError, valuesDigest } from '@watchkeeper/mcp-shared'
import { z } from 'zod'
import { changeGuest, type Planned, type Values } from '../change-guest.ts'
import type { Params, ProxmoxCluster } from '../cluster.ts'
import { type LiveGuest, nameOf, refuse, refuseIfBusy } from '../live-guest.ts'
import { markedNotes, splitNotes } from '../marks.ts'
import { probeGuest } from '../probe-guest.ts'
import { flag, num, parts, text } from '../rows.ts'
import { defineTool } from '../tool.ts'
import { changing, output, targetOf } from './power.ts'

const Tag = z
  .string()
  .max(100)
  .regex(/^\w[\w.+-]*$/, 'must be a tag, such as "web"')

export const guestConfigSet = defineTool({
  name: 'guest_config_set',
  title: 'Change a guest',
  effect: 'destructive',
  undoable: true,
  idempotent: true,
  description:
    'Sets cores, memory (MiB), start with the node, description or all tags of a guest. Cores and memory of a running one mostly wait for a restart.',
  input: z.strictObject({
    ...changing,
    cores: z.int().min(1).max(512).optional(),
    memory: z.int().min(16).max(16_777_216).optional(),
    onboot: z.boolean().optional(),
    description: z.string().max(7_000).optional(),
    tags: z.array(Tag).max(30).optional(),
  }),
  output,
  target: targetOf,
  run({ guest, dry_run: dryRun, precondition, tags, ...rest }, cluster, { signal, effect, progress }) {
    const wanted = { ...rest, tags: tags?.join(';') }
    if (Object.values(wanted).every((value) => value === undefined))
      throw new CallerError('invalid', 'Give at least one of cores, memory, onboot, description and tags.')
    const plan = (live: LiveGuest) => planConfig(cluster, live, wanted, signal)
    return changeGuest(
      cluster,
      { types: [], undoable: true, plan },
      { guest, dryRun, precondition, effect, signal, progress },
    )
  },
  probe({ guest, precondition }, cluster, { effect, signal }) {
    const byMark = (live: LiveGuest) => {
      const marked = splitNotes(text(live.config, 'description') ?? '').effects.includes(effect)
      const because = `${nameOf(live)} ${marked ? 'carries' : 'does not carry'} the mark of this effect`
      return { state: marked ? ('done' as const) : ('not_done' as const), because }
    }
    return probeGuest(cluster, { guest, types: [], precondition, effect, signal, byMark })
  },
})

type Wanted = {
  cores?: number | undefined
  memory?: number | undefined
  onboot?: boolean | undefined
  description?: string | undefined
  tags?: string | undefined
}

async function planConfig(
  cluster: ProxmoxCluster,
  live: LiveGuest,
  wanted: Wanted,
  signal: AbortSignal,
): Promise<Planned> {
  if (live.lock !== undefined) refuseIfBusy(live)
  await checkRoom(cluster, live, wanted, signal)
  keepProtectedTags(cluster, live, wanted)
  const now = valuesOf(live)
  const fields = Object.entries(wanted).filter(
    (entry): entry is [keyof Wanted, string | number | boolean] => entry[1] !== undefined,
  )
  const before = Object.fromEntries(fields.map(([field]) => [field, now[field] ?? null]))
  const after = Object.fromEntries(fields.map(([field, value]) => [field, normal(field, value)]))
  const back = Object.values(before).every((value) => value !== null)
  const moves = (field: 'cores' | 'memory') => field in after && before[field] !== after[field]
  const waits = live.ref.kind === 'qemu' && live.state !== 'stopped' && (moves('cores') || moves('memory'))
  const less = typeof before.memory === 'number' && typeof after.memory === 'number' && after.memory < before.memory
  return {
    before,
    after,
    warnings: [
      ...(waits ? ['Cores and memory of a running machine mostly wait for its next start from being stopped.'] : []),
      ...(less && live.ref.kind === 'lxc' && live.state === 'running'
        ? ['It has less memory at once: what does not fit is killed.']
        : []),
    ],
    undo: back
      ? {
          tool: 'guest_config_set',
          arguments: {
            guest: live.ref.id,
            ...before,
            ...('tags' in before ? { tags: parts(String(before.tags)) } : {}),
            precondition: { uid: live.uid, values: valuesDigest(after) },
          },
        }
      : null,
    does: `set ${fields.map(([field]) => field).join(', ')} of ${nameOf(live)}`,
    async act(effect) {
      await cluster.configure(live.ref, formOf(live, after, effect), signal)
      return undefined
    },
  }
}

/** What the API is sent: the mark goes with it, and the digest of what was read makes the check and the change one. */
function formOf(live: LiveGuest, after: Values, effect: string): Params {
  const { notes, effects } = splitNotes(text(live.config, 'description') ?? '')
  const { description = notes, tags, ...rest } = after
  const emptied = tags === ''
  return {
    ...Object.fromEntries(Object.entries(rest).flatMap(([key, value]) => (value === null ? [] : [[key, value]]))),
    ...(typeof tags === 'string' && !emptied ? { tags } : {}),
    ...(emptied ? { delete: 'tags' } : {}),
    description: markedNotes(String(description), effects, effect),
    digest: text(live.config, 'digest'),
  }
}

/** The values as this tool speaks of them; null where Proxmox VE has its own and none is set. */
function valuesOf({ config, ref }: LiveGuest): Record<keyof Wanted, string | number | boolean | null> {
  const memory = num(config, 'memory') ?? (Number(/current=(\d+)/.exec(text(config, 'memory') ?? '')?.[1]) || 512)
  return {
    // A container without cores may use all of its node; that cannot be set back by a number.
    cores: num(config, 'cores') ?? (ref.kind === 'qemu' ? 1 : null),
    memory,
    onboot: flag(config, 'onboot'),
    description: splitNotes(text(config, 'description') ?? '').notes,
    tags: sorted(text(config, 'tags') ?? ''),
  }
}

function normal(field: string, value: string | number | boolean): string | number | boolean {
  if (field === 'tags') return sorted(String(value))
  return field === 'description' ? splitNotes(String(value)).notes : value
}

function sorted(tags: string): string {
  return parts(tags).toSorted().join(';')
}

async function checkRoom(
  cluster: ProxmoxCluster,
  live: LiveGuest,
  { cores, memory }: Wanted,
  signal: AbortSignal,
): Promise<void> {
  if (cores === undefined && memory === undefined) return
  const node = (await cluster.resources('node', signal)).find((row) => text(row, 'node') === live.ref.node) ?? {}
  const [cpus, bytes] = [num(node, 'maxcpu'), num(node, 'maxmem')]
  if (cores !== undefined && cpus !== undefined && cores > cpus)
    refuse(`${live.ref.node} has ${cpus} processors, not ${cores}.`)
  if (memory !== undefined && bytes !== undefined && memory * 1_048_576 > bytes)
    refuse(`${live.ref.node} has ${Math.floor(bytes / 1_048_576)} MiB of memory, not ${memory}.`)
}

/** A tag that shelters a guest would be no shelter if it could be taken off here. */
function keepProtectedTags(cluster: ProxmoxCluster, live: LiveGuest, { tags }: Wanted): void {
  if (tags === undefined) return
  const wanted = parts(tags).map((tag) => tag.toLowerCase())
  const moved = cluster.protectedTags.find((tag) => live.tags.includes(tag) !== wanted.includes(tag))
  if (moved) refuse(`The tag ${moved} shelters guests and is neither set nor removed here.`)
}
