import { CallerError, clip, count, LINES_BEFORE, maskedLines, oneLine, page } from '@watchkeeper/mcp-shared'
import { z } from 'zod'
import { GuestId, limitOf, NodeName, TaskId, TaskType } from '../arguments.ts'
import type { ProxmoxCluster } from '../cluster.ts'
import { iso, num, type Row, text } from '../rows.ts'
import { isOk, stateInRow } from '../tasks.ts'
import { defineTool } from '../tool.ts'
import { parseUpid } from '../upid.ts'
import { pause } from '../wait.ts'
import { newestThatFit } from './node-tools.ts'

const PER_NODE = 200

export const tasksList = defineTool({
  name: 'tasks_list',
  title: 'List tasks',
  effect: 'read',
  description:
    'Tasks, newest first, of a guest, a node or the cluster: who started each and how it ended. `failed`: only those.',
  untrusted: true,
  input: z.strictObject({
    guest: GuestId.optional(),
    node: NodeName.optional(),
    type: TaskType.optional().describe('vzdump, qmstart …'),
    failed: z.boolean().default(false),
    since_hours: z.int().min(1).max(2_160).optional(),
    limit: limitOf(25),
  }),
  output: z.object({
    summary: z.string(),
    items: z.array(
      z.object({
        upid: z.string(),
        type: z.string(),
        id: z.string().optional(),
        node: z.string(),
        user: z.string(),
        started: z.string().optional(),
        ended: z.string().optional(),
        status: z.string().describe('running, OK, WARNINGS: n, the error'),
      }),
    ),
    not_asked: z.array(z.string()),
    truncated: z.boolean(),
    total: z.number(),
  }),
  async run({ guest, node, type, failed, since_hours: hours, limit }, cluster, { signal, now }) {
    const since = hours === undefined ? undefined : Math.floor(now() / 1000) - hours * 3600
    const all = guest === undefined && node === undefined
    const found = all
      ? { rows: await cluster.recentTasks(signal), missed: [] }
      : await onNodes(cluster, { guest, node, type, since, limit: PER_NODE }, signal)
    const items = found.rows
      .filter(
        (row) =>
          (type === undefined || text(row, 'type') === type) &&
          (since === undefined || (num(row, 'starttime') ?? 0) >= since),
      )
      .map(taskView)
      .filter(({ status }) => !failed || !(status === 'running' || isOk(status)))
      .toSorted((a, b) => (b.started ?? '').localeCompare(a.started ?? '') || a.upid.localeCompare(b.upid))
    const running = items.filter(({ status }) => status === 'running').length
    return {
      summary: `${count(items.length, 'task')}${guest ? ` of guest ${guest}` : ''}, ${running} running.`,
      ...page(items, limit),
      not_asked: found.missed,
    }
  },
})

type Query = Omit<Parameters<ProxmoxCluster['tasks']>[0], 'node'> & { node: string | undefined }

/** The tasks of one node, or of every node that can be reached: those of a guest lie where it was at the time. */
async function onNodes(cluster: ProxmoxCluster, { node, ...query }: Query, signal: AbortSignal) {
  if (node !== undefined) return { rows: await cluster.tasks({ ...query, node }, signal), missed: [] }
  if (query.guest !== undefined) await cluster.guest(query.guest, signal)
  const nodes = (await cluster.resources('node', signal)).flatMap((row) => text(row, 'node') ?? [])
  const answers = await Promise.allSettled(nodes.map((one) => cluster.tasks({ ...query, node: one }, signal)))
  signal.throwIfAborted()
  const refused = answers.find((answer) => answer.status === 'rejected')
  if (refused?.status === 'rejected' && answers.every(({ status }) => status === 'rejected')) throw refused.reason
  return {
    rows: answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : [])),
    missed: nodes.filter((_, at) => answers[at]?.status === 'rejected'),
  }
}

function taskView(row: Row) {
  return {
    upid: text(row, 'upid') ?? '',
    type: text(row, 'type') ?? '',
    id: text(row, 'id'),
    node: text(row, 'node') ?? '',
    user: oneLine(text(row, 'user') ?? '', 128),
    started: iso(num(row, 'starttime')),
    ended: iso(num(row, 'endtime')),
    status: oneLine(stateInRow(row), 300),
  }
}

export const taskGet = defineTool({
  name: 'task_get',
  title: 'Look at a task',
  effect: 'read',
  description: 'How a task stands, and the end of its log; waits for its end when asked to.',
  untrusted: true,
  input: z.strictObject({
    upid: TaskId,
    wait_seconds: z.int().min(0).max(25).default(0),
    tail: z.int().min(1).max(300).default(20),
  }),
  output: z.object({
    summary: z.string(),
    type: z.string(),
    id: z.string().optional(),
    node: z.string(),
    user: z.string(),
    started: z.string().optional(),
    status: z.string().describe('running, OK, WARNINGS: n, the error'),
    ok: z.boolean().optional(),
    log: z.array(z.string()),
    truncated: z.boolean(),
    total: z.number().describe('lines of the log'),
  }),
  async run({ upid, wait_seconds: seconds, tail }, cluster, { signal, progress }) {
    const task = parseUpid(upid)
    if (!task) throw new CallerError('invalid', 'upid must be the UPID of a task.')
    const late = performance.now() + seconds * 1_000
    let row = await cluster.task(upid, signal)
    for (let polls = 1; text(row, 'status') !== 'stopped' && performance.now() < late; polls += 1) {
      progress(polls, undefined, `${task.type} is running`)
      await pause(Math.min(1_000, Math.max(10, late - performance.now())), signal)
      row = await cluster.task(upid, signal)
    }
    const log = await cluster.taskLog(upid, tail + LINES_BEFORE, signal)
    const lines = newestThatFit(maskedLines(log.lines.join('\n'), tail).map((line) => clip(line.trimEnd(), 1_000)))
    const ended = text(row, 'status') === 'stopped'
    const status = ended ? oneLine(text(row, 'exitstatus') ?? 'unknown', 300) : 'running'
    return {
      summary: `${task.type}${task.id ? ` ${task.id}` : ''} on ${task.node}: ${status}.`,
      type: task.type,
      id: task.id || undefined,
      node: task.node,
      user: task.user,
      started: iso(task.startTime),
      status,
      ok: ended ? isOk(status) : undefined,
      log: lines,
      truncated: lines.length < log.total,
      total: log.total,
    }
  },
})
