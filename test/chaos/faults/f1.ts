import type { Context, FaultReport, Tally } from '../fault.ts'
import { inLane } from '../fault.ts'
import { type Lane, RESUMED_WITHIN_MS } from '../lane.ts'
import { POINTS, readTrace } from '../points.ts'
import { type Scenario, scenarios } from '../scenarios.ts'

/** One kill: at which passage of which point. */
interface Kill {
  point: string
  when: 'before' | 'after'
  nth: number
}

/** One story with its kills, in the order in which they come up. */
interface Planned {
  scenario: Scenario
  kills: Kill[]
}

/** What each story passes when nobody dies, in order. */
type Passages = ReadonlyMap<Scenario, readonly string[]>

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
  const waiting = planStories(calm.value ?? new Map(), times)
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
async function calmRun(lane: Lane): Promise<Passages> {
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

/**
 * Kills before and after each point: in another story and at another passage every time, where there are. A story takes two
 * of them, one in its earlier part and one in its later.
 */
function planStories(passages: Passages, times: number): Planned[] {
  return Array.from({ length: times }, (_, round) =>
    (['before', 'after'] as const).map((when, side) => ({ round, when, side })),
  )
    .flat()
    .flatMap(({ round, when, side }) => {
      const byStory = new Map<Scenario, Kill[]>()
      for (const point of POINTS) {
        const through = [...passages].filter(([, passed]) => passed.includes(point))
        const [scenario, passed] = through[(round + side) % through.length] ?? []
        if (!scenario || !passed) continue
        const most = passed.filter((one) => one === point).length
        const kill = { point, when, nth: 1 + ((round + side) % most) }
        byStory.set(scenario, [...(byStory.get(scenario) ?? []), kill])
      }
      return [...byStory].flatMap(([scenario, kills]) => inTwos(scenario, kills, passages.get(scenario) ?? []))
    })
}

/** Pairs of an earlier and a later point; the second's passages are counted from the restart after the first. */
function inTwos(scenario: Scenario, kills: readonly Kill[], passed: readonly string[]): Planned[] {
  const sorted = kills.toSorted((a, b) => passed.lastIndexOf(a.point) - passed.lastIndexOf(b.point))
  const half = Math.ceil(sorted.length / 2)
  return sorted.slice(0, half).map((first, at) => {
    const second = sorted[half + at]
    return {
      scenario,
      kills: second
        ? [
            { ...first, nth: 1 },
            { ...second, nth: 1 },
          ]
        : [first],
    }
  })
}

/** Plays a story with its kills; a kill that did not come up is tried once more in a story of its own. Answers problems. */
async function playStory(lane: Lane, { scenario, kills }: Planned): Promise<string[]> {
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
