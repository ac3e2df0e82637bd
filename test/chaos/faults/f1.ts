import type { Context, FaultReport, Tally } from '../fault.ts'
import { inLane } from '../fault.ts'
import type { Lane } from '../lane.ts'
import { POINTS, readTrace } from '../points.ts'
import { type Scenario, scenarios } from '../scenarios.ts'

/** One kill: in which story, and at which passage of which point. */
interface Planned {
  scenario: Scenario
  point: string
  when: 'before' | 'after'
  nth: number
}

/** How often each story passes each point when nobody dies. */
type Passages = ReadonlyMap<Scenario, ReadonlyMap<string, number>>

export interface KillCount {
  name: string
  kills: number
}

export interface F1Report extends FaultReport {
  points: KillCount[]
  unreached: string[]
}

const TIMES = 3
/** A world is used for so many kills, then given up: the cards of a hundred incidents would slow down its Telegram. */
const KILLS_PER_LANE = 8
const RESUMED_WITHIN_MS = 15_000

/**
 * F1: kill -9 before and after every node and every call that leaves the process. Stories of one incident are played, each
 * with one kill in it, until every point has had its kills; the stories must end as they do when nobody dies.
 */
export async function f1(context: Context, tally: Tally): Promise<F1Report> {
  const times = context.quick ? 1 : TIMES
  const calm = tally.add(await inLane(context, 'f1-calm', calmRun))
  const problems = [...calm.problems]
  const waiting = planKills(calm.value ?? new Map(), times)
  const kills = new Map<string, number>()
  const resumed: number[] = []
  const planned = waiting.length
  context.log(`F1: ${planned} kills planned at ${POINTS.length} points`)

  async function chunk(): Promise<void> {
    const result = await inLane(context, 'f1', async (lane) => {
      for (let played = 0; played < KILLS_PER_LANE; played++) {
        const kill = waiting.shift()
        if (!kill) break
        const told = await playKill(lane, kill)
        if (told !== 'killed') problems.push(told)
        else kills.set(`${kill.when} ${kill.point}`, (kills.get(`${kill.when} ${kill.point}`) ?? 0) + 1)
      }
      for (const { after, ms } of lane.resumptions) {
        resumed.push(ms)
        if (ms > RESUMED_WITHIN_MS) problems.push(`going on after ${after} took ${ms} ms`)
      }
      context.log(`F1: ${planned - waiting.length} of ${planned} kills`)
    })
    problems.push(...tally.add(result).problems)
  }

  const lanes = Math.ceil(planned / KILLS_PER_LANE)
  await Promise.all(Array.from({ length: lanes }, chunk))
  const sides = POINTS.flatMap((point) => [`before ${point}`, `after ${point}`])
  const unreached = sides.filter((side) => (kills.get(side) ?? 0) < times)
  return {
    runs: planned + scenarios.length,
    problems,
    points: POINTS.map((name) => ({
      name,
      kills: (kills.get(`before ${name}`) ?? 0) + (kills.get(`after ${name}`) ?? 0),
    })),
    unreached,
    facts: {
      kills: [...kills.values()].reduce((sum, count) => sum + count, 0),
      slowest_resumption_ms: Math.max(0, ...resumed),
      median_resumption_ms: resumed.sort((a, b) => a - b)[Math.floor(resumed.length / 2)] ?? 0,
    },
  }
}

/** Plays every story once without a kill, and counts what it passes. */
async function calmRun(lane: Lane): Promise<Passages> {
  const found = new Map<Scenario, Map<string, number>>()
  for (const scenario of scenarios) {
    const began = Date.now()
    await lane.under(undefined, scenario.settings, () => scenario.play(lane))
    await lane.settle()
    const counts = new Map<string, number>()
    for (const { at, point, when } of readTrace(lane.world.trace))
      if (at >= began && when === 'before') counts.set(point, (counts.get(point) ?? 0) + 1)
    found.set(scenario, counts)
  }
  return found
}

/** Kills before and after each point: in another story and at another passage every time, where there are. */
function planKills(passages: Passages, times: number): Planned[] {
  return Array.from({ length: times }, (_, round) =>
    POINTS.flatMap((point) => {
      const through = [...passages].filter(([, counts]) => counts.has(point))
      return (['before', 'after'] as const).flatMap((when, side): Planned[] => {
        const [scenario, counts] = through[(round + side) % through.length] ?? []
        if (!scenario) return []
        return [{ scenario, point, when, nth: 1 + ((round + side) % (counts?.get(point) ?? 1)) }]
      })
    }),
  ).flat()
}

/** Plays one story with one kill in it; where the point was passed less often than on a calm day, once more at its first. */
async function playKill(lane: Lane, { scenario, point, when, nth }: Planned): Promise<'killed' | string> {
  for (const passage of [nth, 1]) {
    const began = lane.kills.length
    try {
      if (await lane.under({ point, when, nth: passage }, scenario.settings, () => scenario.play(lane))) return 'killed'
    } catch (error) {
      const because = error instanceof Error ? error.message : String(error)
      const where = lane.kills.length > began ? `killed ${when} ${point}` : `waiting for ${when} ${point}`
      return `"${scenario.name}", ${where} (${passage}): ${because}`
    }
  }
  return `"${scenario.name}" never came ${when} ${point}`
}
