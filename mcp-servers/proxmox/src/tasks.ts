import { ToolError, UpstreamError } from '@watchkeeper/mcp-shared'
import type { ProxmoxCluster } from './cluster.ts'
import { num, type Row, text } from './rows.ts'
import { parseUpid } from './upid.ts'
import { pause } from './wait.ts'

export type TaskEnd = {
  upid: string
  /** `OK`, `WARNINGS: 2`, or the error. */
  status: string
  ok: boolean
  /** The end of its log, where it warned or failed. */
  log: string[]
}

/** The tasks a change may appear as: those of this guest, of these types, started with the operator's token. */
export type TaskSearch = { guest: number; types: readonly string[]; nodes: readonly string[] }

export type FollowOptions = {
  signal: AbortSignal
  progress: (done: number, total?: number, message?: string) => void
  /** UPIDs that were there before it: none of them is this task under another name. */
  before: readonly string[]
}

const TAIL = 12
const FIRST_PAUSE = 60
const LONGEST_PAUSE = 1_000

/**
 * Waits for a task to end, until the signal aborts. While its node cannot be reached it goes on asking; a task that is
 * gone from where it ran is looked for among the tasks of its guest, by type and start. Throws `unreachable` when it vanished.
 */
export async function followTask(
  cluster: ProxmoxCluster,
  upid: string,
  { signal, progress, before }: FollowOptions,
): Promise<TaskEnd> {
  const task = parseUpid(upid)
  if (!task) throw new UpstreamError('unreachable', `Proxmox VE answered no task to follow ("${upid.slice(0, 80)}").`)
  for (let polls = 1, wait = FIRST_PAUSE; ; polls += 1, wait = Math.min(LONGEST_PAUSE, wait * 1.5)) {
    const found = await stateOfTask(cluster, upid, before, signal)
    if (found === 'gone')
      throw new UpstreamError(
        'unreachable',
        `The task ${task.type} of ${task.id} vanished from ${task.node}: whether it came to its end is unknown, so probe it.`,
      )
    if (found !== 'running' && found !== 'unreachable') return endOf(cluster, upid, found, signal)
    progress(polls, undefined, `${task.type} ${task.id}: ${found}`)
    await pause(wait, signal)
  }
}

/** `running`, `gone`, `unreachable`, or the exit status of a task that has ended. */
async function stateOfTask(
  cluster: ProxmoxCluster,
  upid: string,
  before: readonly string[],
  signal: AbortSignal,
): Promise<string> {
  try {
    const row = await cluster.task(upid, signal)
    return text(row, 'status') === 'stopped' ? (text(row, 'exitstatus') ?? 'unknown') : 'running'
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof ToolError)) throw error
    if (error.code === 'unreachable') return 'unreachable'
    if (error.code !== 'not_found') throw error
    return (await stateInList(cluster, upid, before, signal)) ?? 'gone'
  }
}

/** The list of tasks may still know what the task's own address does not, or know it under another UPID. */
async function stateInList(
  cluster: ProxmoxCluster,
  upid: string,
  before: readonly string[],
  signal: AbortSignal,
): Promise<string | undefined> {
  const task = parseUpid(upid)
  if (!task) return undefined
  const guest = /^\d+$/.test(task.id) ? Number(task.id) : undefined
  const query = { node: task.node, guest, type: task.type, since: task.startTime, limit: 20 }
  const rows = (await cluster.tasks(query, signal)).filter((row) => !before.includes(text(row, 'upid') ?? ''))
  const same = rows.find((row) => text(row, 'upid') === upid)
  const alike = (row: Row) => text(row, 'user') === task.user && (num(row, 'starttime') ?? 0) >= task.startTime
  const found = same ?? rows.find(alike)
  return found && stateInRow(found)
}

/** In lists a task that still runs has no status, or says so. */
export function stateInRow(row: Row): string {
  const status = text(row, 'status')
  return status === undefined || status === 'RUNNING' || num(row, 'endtime') === undefined ? 'running' : status
}

export function isOk(status: string): boolean {
  return status === 'OK' || status.startsWith('WARNINGS')
}

async function endOf(cluster: ProxmoxCluster, upid: string, status: string, signal: AbortSignal): Promise<TaskEnd> {
  const ok = isOk(status)
  if (status === 'OK') return { upid, status, ok, log: [] }
  // The log is a courtesy: that the task failed is known without it.
  const log = await cluster.taskLog(upid, TAIL, signal).catch(() => ({ lines: [] as string[] }))
  signal.throwIfAborted()
  return { upid, status, ok, log: log.lines.filter((line) => line.trim() !== '') }
}

/** Every task that fits, newest first. Nodes that cannot be reached are left out unless none can. */
export async function findTasks(cluster: ProxmoxCluster, search: TaskSearch, signal: AbortSignal): Promise<Row[]> {
  const asked = [...new Set(search.nodes)].map((node) =>
    cluster.tasks({ node, guest: search.guest, limit: 50 }, signal),
  )
  const answers = await Promise.allSettled(asked)
  signal.throwIfAborted()
  const failed = answers.find((answer) => answer.status === 'rejected')
  if (failed && answers.every((answer) => answer.status === 'rejected')) throw failed.reason
  return answers
    .flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []))
    .filter((row) => search.types.includes(text(row, 'type') ?? '') && text(row, 'user') === cluster.operator)
    .toSorted((a, b) => (num(b, 'starttime') ?? 0) - (num(a, 'starttime') ?? 0))
}

export function upidsOf(rows: readonly Row[]): string[] {
  return rows.flatMap((row) => text(row, 'upid') ?? [])
}
