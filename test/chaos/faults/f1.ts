import type { Context, FaultReport, Tally } from '../fault.ts'
import { inLane } from '../fault.ts'
import { type Passages, type Planned, planStories } from '../kill-plan.ts'
import { type Lane, RESUMED_WITHIN_MS } from '../lane.ts'
import { POINTS, readTrace } from '../points.ts'
import { type Scenario, scenarios } from '../scenarios.ts'

export interface KillCount {
  name: string
  kills: number
}

export interface F1Report extends FaultReport {
  points: KillCount[]
  unreached: string[]
}

const TIMES = 3
/** A world is used for so many stories, then given up: the cards of a hundred incidents would slow down its Telegram. */
const STORIES_PER_LANE = 5

/**
 * F1: kill -9 before and after every node and every call that leaves the process. Stories of one incident are played, each
 * with kills in them, until every point has had its kills; the stories must end as they do when nobody dies.
 */
export async function f1(context: Context, tally: Tally): Promise<F1Report> {
  const times = context.quick ? 1 : TIMES
  const calm = tally.add(await inLane(context, 'f1-calm', calmRun))
  const problems = [...calm.problems]
  const waiting = planStories(calm.value ?? new Map(), POINTS, times)
  const planned = waiting.reduce((sum, { kills }) => sum + kills.length, 0)
  const kills = new Map<string, number>()
  const resumed: number[] = []
  let stories = scenarios.length
  context.log(`F1: ${planned} kills planned in ${waiting.length} stories`)

  async function chunk(): Promise<void> {
    const result = await inLane(context, 'f1', async (lane) => {
      for (let played = 0; played < STORIES_PER_LANE; played++) {
        const story = waiting.shift()
        if (!story) break
        stories += 1
        problems.push(...(await playStory(lane, story)))
      }
      for (const { point, when } of lane.kills) kills.set(`${when} ${point}`, (kills.get(`${when} ${point}`) ?? 0) + 1)
      for (const { after, ms } of lane.resumptions) {
        resumed.push(ms)
        if (ms > RESUMED_WITHIN_MS) problems.push(`going on after ${after} took ${ms} ms`)
      }
      context.log(`F1: ${sumOf(kills)} of ${planned} kills`)
    })
    problems.push(...tally.add(result).problems)
  }

  await Promise.all(Array.from({ length: Math.ceil(waiting.length / STORIES_PER_LANE) }, chunk))
  const sides = POINTS.flatMap((point) => [`before ${point}`, `after ${point}`])
  return {
    runs: stories,
    problems,
    points: POINTS.map((name) => ({
      name,
      kills: (kills.get(`before ${name}`) ?? 0) + (kills.get(`after ${name}`) ?? 0),
    })),
    unreached: sides.filter((side) => (kills.get(side) ?? 0) < times),
    facts: {
      kills: sumOf(kills),
      slowest_resumption_ms: Math.max(0, ...resumed),
      median_resumption_ms: resumed.sort((a, b) => a - b)[Math.floor(resumed.length / 2)] ?? 0,
    },
  }
}

function sumOf(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0)
}

/** Plays every story once without a kill, and keeps what it passes. */
async function calmRun(lane: Lane): Promise<Passages<Scenario>> {
  const found = new Map<Scenario, string[]>()
  for (const scenario of scenarios) {
    const began = Date.now()
    await lane.under([], scenario.settings, () => scenario.play(lane))
    await lane.settle()
    const passed = readTrace(lane.world.trace).filter(({ at, when }) => at >= began && when === 'before')
    found.set(
      scenario,
      passed.map(({ point }) => point),
    )
  }
  return found
}

/** Plays a story with its kills; a kill that did not come up is tried once more in a story of its own. Answers problems. */
async function playStory(lane: Lane, { scenario, kills }: Planned<Scenario>): Promise<string[]> {
  const words = kills.map(({ when, point, nth }) => `${when} ${point} (${nth})`).join(', then ')
  try {
    const killed = await lane.under(kills, scenario.settings, () => scenario.play(lane))
    const missed = kills.slice(killed)
    const [last, ...others] = missed
    if (!last) return []
    if (kills.length === 1 && last.nth === 1) return [`"${scenario.name}" never came ${words}`]
    const nth = kills.length === 1 ? 1 : last.nth
    const again = await playStory(lane, { scenario, kills: [{ ...last, nth }] })
    return others.length === 0 ? again : [...again, ...(await playStory(lane, { scenario, kills: others }))]
  } catch (error) {
    return [`"${scenario.name}", killed ${words}: ${error instanceof Error ? error.message : String(error)}`]
  }
}
