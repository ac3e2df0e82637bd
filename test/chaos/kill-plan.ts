/** One kill: at which passage of which point, counted from the start of the story or from the restart after the kill before. */
export interface Kill {
  point: string
  when: 'before' | 'after'
  nth: number
}

/** One story with its kills, in the order in which they come up. */
export interface Planned<Story> {
  scenario: Story
  kills: Kill[]
}

/** What each story passes when nobody dies, in order. */
export type Passages<Story> = ReadonlyMap<Story, readonly string[]>

/** Passages from which on a story is long. */
const LONG = 40

/**
 * Kills before and after each point: in another story and at another passage every time, where there are, so that a call
 * that changes something dies in its rehearsal, in the last look and in earnest. A story takes two of them, one in its
 * earlier part and one in its later; a long one takes three.
 */
export function planStories<Story>(
  passages: Passages<Story>,
  points: readonly string[],
  times: number,
): Planned<Story>[] {
  return Array.from({ length: times }, (_, round) =>
    (['before', 'after'] as const).map((when, side) => ({ turn: round + side, when })),
  )
    .flat()
    .flatMap(({ turn, when }) => {
      const byStory = new Map<Story, Kill[]>()
      for (const point of points) {
        const through = [...passages].filter(([, passed]) => passed.includes(point))
        const [scenario, passed] = through[turn % through.length] ?? []
        if (scenario === undefined || !passed) continue
        const most = passed.filter((one) => one === point).length
        const kill = { point, when, nth: 1 + (turn % most) }
        byStory.set(scenario, [...(byStory.get(scenario) ?? []), kill])
      }
      return [...byStory].flatMap(([scenario, kills]) => spread(scenario, kills, passages.get(scenario) ?? []))
    })
}

/** Stories, each with one kill from every part of the story. */
function spread<Story>(scenario: Story, kills: readonly Kill[], passed: readonly string[]): Planned<Story>[] {
  const sorted = kills.toSorted((a, b) => placeOf(a, passed) - placeOf(b, passed))
  const parts = passed.length < LONG ? 2 : 3
  const stories = Math.ceil(sorted.length / parts)
  return Array.from({ length: stories }, (_, at) => {
    const own = sorted.filter((_, place) => place % stories === at)
    return {
      scenario,
      kills: own.map((kill, nth) => {
        const before = own[nth - 1]
        return before ? sinceRestart(kill, before, passed) : kill
      }),
    }
  })
}

/** The later kill, its passages counted from the restart: whoever died in a node begins that node again. */
function sinceRestart(later: Kill, earlier: Kill, passed: readonly string[]): Kill {
  const died = placeOf(earlier, passed)
  const begun = passed.slice(0, died + 1).findLastIndex((point) => point.startsWith('node:'))
  const again = passed.slice(Math.max(0, begun), placeOf(later, passed) + 1)
  return { ...later, nth: Math.max(1, again.filter((point) => point === later.point).length) }
}

function placeOf({ point, nth }: Kill, passed: readonly string[]): number {
  let left = nth
  return passed.findIndex((one) => one === point && --left === 0)
}
