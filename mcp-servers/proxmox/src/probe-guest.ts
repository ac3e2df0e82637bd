import { type Precondition, type Probed, ToolError } from '@watchkeeper/mcp-shared'
import type { ProxmoxCluster } from './cluster.ts'
import { type LiveGuest, nameOf, readGuest } from './live-guest.ts'
import { iso, num, type Row, text } from './rows.ts'
import { findTasks, isOk, stateInRow } from './tasks.ts'

export type ProbeOptions = {
  guest: number
  types: readonly string[]
  precondition: Precondition | undefined
  effect: string
  signal: AbortSignal
  /** Looks for the mark of this effect, where the change leaves one. Undefined: there is none. */
  byMark?: (live: LiveGuest) => Promise<Probed | undefined> | Probed | undefined
  /** What the guest itself shows, asked when its tasks do not decide. Undefined: it shows nothing. */
  byState?: (live: LiveGuest) => Promise<Probed | undefined> | Probed | undefined
}

/**
 * Whether a change took place: by its mark where it leaves one, by its task (the one this process began, or those of its
 * kind that started since the dry run), and last by the state of the guest. What may still be running is `unknown`.
 */
export async function probeGuest(cluster: ProxmoxCluster, options: ProbeOptions): Promise<Probed> {
  const { guest, types, precondition, effect, signal, byMark, byState } = options
  const live = await readGuest(cluster, guest, signal).catch((error: unknown) => {
    if (error instanceof ToolError && error.code === 'not_found') return undefined
    throw error
  })
  if (!live) return { state: 'unknown', because: `guest ${guest} is on no node any more` }
  if (precondition && precondition.uid !== live.uid)
    return { state: 'unknown', because: `${nameOf(live)} was removed and made again since` }
  const marked = await byMark?.(live)
  if (marked) return marked
  const nodes = await nodesToAsk(cluster, live, signal)
  const tasks = types.length > 0 ? await findTasks(cluster, { guest, types, nodes }, signal) : []
  const begun = cluster.journal.find(effect)
  if (begun) {
    const isOwn = (upid = '') => (begun.upid ? upid === begun.upid : !begun.before.includes(upid))
    const own = tasks.find((row) => isOwn(text(row, 'upid')))
    if (own) return byTask(own)
  }
  const running = tasks.find((row) => stateInRow(row) === 'running')
  if (running) return byTask(running)
  const generation = precondition?.generation
  if (types.length > 0 && typeof generation === 'number') return since(tasks, generation, live)
  const shown = await byState?.(live)
  if (shown) return shown
  const none = `no task of this kind was started on ${nameOf(live)}`
  if (tasks.length === 0 || begun) return { state: 'not_done', because: none }
  const newest = iso(num(tasks[0] ?? {}, 'starttime'))
  return {
    state: 'unknown',
    because: `a task of this kind started at ${newest}, and nothing says whether it was this change`,
  }
}

/** The nodes a task may have run on: where the guest is, and where it may have been. */
async function nodesToAsk(cluster: ProxmoxCluster, { ref }: LiveGuest, signal: AbortSignal): Promise<string[]> {
  const rows = await cluster.resources('node', signal)
  const online = rows.filter((row) => text(row, 'status') === 'online').flatMap((row) => text(row, 'node') ?? [])
  return [ref.node, ...online]
}

function byTask(row: Row): Probed {
  const status = stateInRow(row)
  const name = `the task ${text(row, 'type')} of ${iso(num(row, 'starttime')) ?? 'an unknown time'}`
  if (status === 'running')
    return { state: 'unknown', because: `${name} is still running: ask again when it has ended` }
  return isOk(status)
    ? { state: 'done', because: `${name} ended with ${status}` }
    : { state: 'not_done', because: `${name} failed: ${status}` }
}

/** `generation` is the start of the newest such task before the change, in unix seconds: only later ones can be its own. */
function since(tasks: readonly Row[], generation: number, live: LiveGuest): Probed {
  const startOf = (row: Row) => num(row, 'starttime') ?? 0
  const later = tasks.filter((row) => startOf(row) > generation)
  const [only, another] = later
  // Two in one second cannot be told apart by their start.
  const doubtful = !only && tasks.filter((row) => startOf(row) === generation).length > 1
  if (another || doubtful)
    return { state: 'unknown', because: `several tasks of this kind have started on ${nameOf(live)} since` }
  if (only) return byTask(only)
  return { state: 'not_done', because: `no task of this kind has started on ${nameOf(live)} since the dry run` }
}
