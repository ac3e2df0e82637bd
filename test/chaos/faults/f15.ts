import type { AgentProcess } from '../agent-process.ts'
import { changesOf } from '../cases.ts'
import { type Line, lineTo } from '../cut-line.ts'
import { type Context, type FaultReport, inLane, type Tally } from '../fault.ts'
import type { Lane } from '../lane.ts'
import { type Passage, readTrace } from '../points.ts'
import { approve, changed, closes } from '../scenarios.ts'
import { until } from '../wait.ts'

const SETTINGS = { grantTtlMs: 3_000 }
const PATIENCE = { timeoutMs: 60_000 }
const TOOL = 'tool:kubernetes.rollout_restart'

/** How one replica is cut off from the others, with a run in its hands. */
type Cut = 'cable cut' | 'packets swallowed' | 'process stopped'

/** Where in the run it happens: before the start is on record, or when the next thing to do is to send the call. */
export const PLACES = {
  beforeItStarts: { point: 'node:execute', when: 'before', nth: 1 },
  beforeTheLastLook: { point: TOOL, when: 'before', nth: 1 },
  afterTheLastLook: { point: TOOL, when: 'after', nth: 1 },
  beforeTheCall: { point: TOOL, when: 'before', nth: 2 },
} as const
type Place = (typeof PLACES)[keyof typeof PLACES]

/**
 * F15: two replicas, one cut off from Postgres with a run in hand. The other takes over; once it has, nothing that the
 * cut-off one does reaches the platform, however late it wakes up, and there is one run.
 */
export async function f15(context: Context, tally: Tally): Promise<FaultReport> {
  const cuts: Cut[] = context.quick ? ['process stopped'] : ['cable cut', 'packets swallowed', 'process stopped']
  const results = await Promise.all(
    cuts.flatMap((cut) =>
      Object.entries(PLACES).map(([name, place]) =>
        inLane(context, `f15-${cut}-${name}`.replaceAll(' ', '-'), (lane) => cutOff(lane, cut, place)),
      ),
    ),
  )
  const problems = results.flatMap((result) => tally.add(result).problems)
  const late = results.reduce((sum, { value }) => sum + (value?.lateCalls ?? 0), 0)
  return {
    runs: results.length,
    problems,
    facts: {
      calls_tried_after_takeover: late,
      calls_that_changed_anything_then: problems.length === 0 ? 0 : 'see problems',
    },
  }
}

interface Outcome {
  /** Calls the cut-off replica still made after another had taken over; each must have been refused. */
  lateCalls: number
}

/** One run, one cut, and the end of it. Throws when the cut-off replica changed anything after the takeover. */
export async function cutOff(lane: Lane, cut: Cut, place: Place): Promise<Outcome> {
  const { world } = lane
  const line = await lineTo(world.database.url)
  try {
    const first = await world.start(SETTINGS, { replica: 0, databaseUrl: line.url })
    const one = await lane.open('ChaosRestart')
    await lane.hands.card(one, 'Approve')
    first.arm({ ...place, action: cut === 'process stopped' ? 'stop' : 'hold' })
    const approving = approve(lane, one)
    await Promise.race([first.reached(), inTime('the replica to come to the point')])
    isolate(line, cut)
    const second = await world.start(SETTINGS, { replica: 1 })
    await until('the other replica to take over', () => workOf(lane, second).length > 0, PATIENCE)
    const takenOver = workOf(lane, second)[0]?.at ?? Date.now()
    if (cut !== 'process stopped') first.release()
    await changed(lane, one, 1)
    // The cut-off replica comes back when everything is over, and finds that it is.
    rejoin(first, line, cut)
    await approving
    await closes(lane, one, /Fixed:/)
    // Driver calls on a dead connection may never end; the graph has given up on them, so they are only waited for a while.
    await until('the late one to be quiet', () => isQuiet(lane, first), { timeoutMs: 15_000 }).catch(() => {})
    const made = await changesOf(world, one)
    if (made.length !== 1) throw new Error(`${one.workload} was restarted ${made.length} times`)
    return { lateCalls: callsAfter(lane, first, takenOver) }
  } finally {
    await line.close()
  }
}

/** A process that is to stop has stopped by itself at the point. */
function isolate(line: Line, cut: Cut): void {
  if (cut === 'cable cut') line.cut()
  if (cut === 'packets swallowed') line.hang()
}

function rejoin(agent: AgentProcess, line: Line, cut: Cut): void {
  if (cut === 'process stopped') agent.signal('SIGCONT')
  line.mend()
}

async function inTime(what: string): Promise<never> {
  return await until<never>(what, () => undefined, PATIENCE)
}

/** What a replica did in the graph. */
function workOf({ world }: Lane, { pid }: AgentProcess): Passage[] {
  return readTrace(world.trace).filter((passage) => passage.pid === pid && passage.point.startsWith('node:'))
}

function callsAfter({ world }: Lane, { pid }: AgentProcess, since: number): number {
  const passed = readTrace(world.trace).filter((passage) => passage.pid === pid && passage.at > since)
  return passed.filter(({ point, when }) => point === TOOL && when === 'after').length
}

/** Whether whatever it had in hand has come to its end. */
function isQuiet({ world }: Lane, { pid }: AgentProcess): boolean {
  const passed = readTrace(world.trace).filter((passage) => passage.pid === pid && passage.action === undefined)
  const open = new Map<string, number>()
  for (const { point, when } of passed) open.set(point, (open.get(point) ?? 0) + (when === 'before' ? 1 : -1))
  return [...open.values()].every((count) => count === 0)
}
