import {
  assertStill,
  CallerError,
  Change,
  clip,
  type DiffLine,
  type Precondition,
  ToolError,
  UpstreamError,
  unpublished,
  valuesDigest,
} from '@watchkeeper/mcp-shared'
import { z } from 'zod'
import type { ProxmoxCluster } from './cluster.ts'
import { type LiveGuest, nameOf, readGuest } from './live-guest.ts'
import { num } from './rows.ts'
import { findTasks, followTask, type TaskEnd, upidsOf } from './tasks.ts'
import { pause } from './wait.ts'

/** The values a change touches, by the name people read in the diff. */
export type Values = Record<string, string | number | boolean | null>

/** What a preflight found: the change is possible, and this is what it would do. */
export type Planned = {
  before: Values
  after: Values
  warnings: string[]
  /** The call that puts things back, or null. */
  undo: { tool: string; arguments: Record<string, unknown> } | null
  /** "start guest 100 (web)": after "Would" and "Did". */
  does: string
  /** Starts it; answers the UPID, or undefined where Proxmox VE did it at once. */
  act: (effect: string) => Promise<string | undefined>
}

export type GuestChange = {
  /** The types of task this appears as; high availability has its own. */
  types: readonly string[]
  undoable: boolean
  /** Throws `refused` with the reason when the guest or its surroundings forbid it. */
  plan: (live: LiveGuest) => Promise<Planned> | Planned
}

export type HowToRun = {
  guest: number
  dryRun: boolean
  precondition: Precondition | undefined
  effect: string | undefined
  signal: AbortSignal
  progress: (done: number, total?: number, message?: string) => void
}

/** The kit's `Change`, and the UPID of the task that made it. */
export const GuestChanged = Change.extend({ task: unpublished(z.string().optional()) })
type GuestChanged = z.input<typeof GuestChanged>

/**
 * Rehearses or makes one change of a guest: reads it, runs the preflight, checks the precondition, acts and follows the
 * task to its end. A failed task is `refused` with the tail of its log; one whose end is not known, `unreachable`.
 */
export async function changeGuest(cluster: ProxmoxCluster, change: GuestChange, how: HowToRun): Promise<GuestChanged> {
  const { guest, dryRun, precondition: wanted, effect, signal } = how
  const live = await readGuest(cluster, guest, signal)
  if (wanted && wanted.uid !== live.uid)
    assertStill(wanted, { uid: live.uid, generation: null, values: {}, name: nameOf(live) })
  const planned = await change.plan(live)
  // The generation only tells probes how far to look back: that a backup or a console ran since changes nothing here.
  const still = wanted && { uid: wanted.uid, values: wanted.values }
  assertStill(still, { uid: live.uid, generation: null, values: planned.before, name: nameOf(live) })
  const known = await tasksBefore(cluster, change, live, signal)
  signal.throwIfAborted()
  if (!dryRun && effect === undefined) throw new CallerError('invalid', 'A change needs the effect id of its grant.')
  const end =
    dryRun || effect === undefined
      ? undefined
      : await carryOut(cluster, change, live, planned, known, { ...how, effect })
  const warned = end && end.status !== 'OK' ? [`The task ended with ${end.status}: ${tailOf(end)}`] : []
  const diff = diffOf(planned.before, planned.after)
  return {
    summary: `${dryRun ? 'Would' : 'Did'} ${planned.does}.${end ? ` Task: ${end.status}.` : ''}`,
    dry_run: dryRun,
    target: {
      cluster: cluster.name,
      kind: live.ref.kind === 'qemu' ? 'VirtualMachine' : 'Container',
      namespace: null,
      name: String(live.ref.id),
      uid: live.uid,
    },
    diff,
    precondition: { uid: live.uid, generation: known.newest, values: valuesDigest(planned.before) },
    warnings: [
      ...(diff.length === 0 ? ['These values are set already: nothing changes.'] : []),
      ...planned.warnings,
      ...warned,
    ],
    undoable: change.undoable,
    undo: planned.undo,
    gitops: null,
    effect: dryRun ? null : (effect ?? null),
    ...(end?.upid ? { task: end.upid } : {}),
    truncated: false,
    total: diff.length,
  }
}

type Known = { upids: string[]; newest: number }

/** The tasks of this kind that are there already: whatever comes on top of them later is this change's. */
async function tasksBefore(
  cluster: ProxmoxCluster,
  { types }: GuestChange,
  { ref }: LiveGuest,
  signal: AbortSignal,
): Promise<Known> {
  if (types.length === 0) return { upids: [], newest: 0 }
  const rows = await findTasks(cluster, { guest: ref.id, types, nodes: [ref.node] }, signal)
  return { upids: upidsOf(rows), newest: rows.reduce((latest, row) => Math.max(latest, num(row, 'starttime') ?? 0), 0) }
}

async function carryOut(
  cluster: ProxmoxCluster,
  { types }: GuestChange,
  live: LiveGuest,
  { act }: Planned,
  known: Known,
  { effect, signal, progress }: HowToRun & { effect: string },
): Promise<TaskEnd> {
  const begun = { guest: live.ref.id, types, before: known.upids }
  cluster.journal.note(effect, begun)
  const upid = await act(effect).catch(async (error: unknown) => {
    signal.throwIfAborted()
    const lost = error instanceof ToolError && error.code === 'unreachable' && types.length > 0
    // The request may have arrived although its answer did not: then its task is there by now.
    const found = lost ? await startedSince(cluster, live, types, known.upids, signal) : undefined
    if (found === undefined) throw error
    return found
  })
  if (upid === undefined) return { upid: '', status: 'OK', ok: true, log: [] }
  cluster.journal.note(effect, { ...begun, upid })
  const end = await followTask(cluster, upid, { signal, progress, before: known.upids })
  if (end.ok) return end
  throw new CallerError('refused', `The task on ${nameOf(live)} failed: ${end.status}. ${tailOf(end)}`)
}

const LOOKS = 4

/** A task of these types that was not there before; looked for a few times, because the list lags. */
async function startedSince(
  cluster: ProxmoxCluster,
  { ref }: LiveGuest,
  types: readonly string[],
  before: readonly string[],
  signal: AbortSignal,
): Promise<string | undefined> {
  for (let look = 1; look <= LOOKS; look += 1) {
    const search = { guest: ref.id, types, nodes: [ref.node] }
    const rows = await findTasks(cluster, search, signal).catch((error: unknown) => {
      signal.throwIfAborted()
      if (error instanceof UpstreamError) return []
      throw error
    })
    const found = upidsOf(rows).find((upid) => !before.includes(upid))
    if (found) return found
    await pause(100 * look, signal)
  }
  return undefined
}

function tailOf({ log }: TaskEnd): string {
  return log.length === 0 ? 'Its log has nothing.' : `The end of its log: ${clip(log.slice(-5).join(' | '), 600)}`
}

export function diffOf(before: Values, after: Values): DiffLine[] {
  return Object.keys({ ...before, ...after })
    .map((field) => ({ field, from: before[field] ?? null, to: after[field] ?? null }))
    .filter(({ from, to }) => from !== to)
}
