import { expect, test } from 'vitest'
import { planStories } from './kill-plan.ts'

const POINTS = ['node:plan', 'node:run', 'tool:look', 'tool:change']
/** Rehearsed in the first node; looked at once more and made in the second. */
const STORY = ['node:plan', 'tool:look', 'tool:change', 'node:run', 'tool:change', 'tool:change']

function planned(passages: Record<string, string[]>, times: number) {
  return planStories(new Map(Object.entries(passages)), POINTS, times)
}

test('each side of each point is killed as often as told', () => {
  const kills = planned({ one: STORY }, 3).flatMap((story) => story.kills)
  for (const point of POINTS)
    for (const when of ['before', 'after'])
      expect(kills.filter((kill) => kill.point === point && kill.when === when)).toHaveLength(3)
})

test('a change dies in its rehearsal, in the last look and in earnest', () => {
  const change = planned({ one: STORY }, 3).flatMap(({ kills }) => kills.filter(({ point }) => point === 'tool:change'))
  // In earnest it is the third passage from the start, and the second from the restart of the node that makes it.
  const alone = planStories(new Map([['one', STORY]]), ['tool:change'], 3).flatMap(({ kills }) => kills)
  expect(alone.map(({ when, nth }) => `${when} ${nth}`)).toEqual([
    'before 1',
    'after 2',
    'before 2',
    'after 3',
    'before 3',
    'after 1',
  ])
  expect(change).toHaveLength(6)
})

test('the second kill of a story comes up after the first, and is counted from the node that begins again', () => {
  const long = ['node:plan', 'tool:change', 'tool:look', 'node:run', 'tool:change', 'tool:change']
  const points = ['tool:look', 'tool:change']
  const [last] = planStories(new Map([['one', long]]), points, 3)
    .filter(({ kills: [, second] }) => second?.when === 'before' && second.point === 'tool:change')
    .slice(-1)
  // The rehearsal comes again with the node that died in it: the third passage is the one in earnest.
  expect(last?.kills).toEqual([
    { point: 'tool:look', when: 'before', nth: 1 },
    { point: 'tool:change', when: 'before', nth: 3 },
  ])
})

test('a point that several stories pass is killed in each of them in turn', () => {
  const stories = planned({ one: STORY, other: STORY }, 1).map(({ scenario }) => scenario)
  expect(new Set(stories)).toEqual(new Set(['one', 'other']))
})

test('a long story takes three kills, one in each part of it', () => {
  const points = Array.from({ length: 42 }, (_, at) => `tool:t${at}`)
  const stories = planStories(new Map([['long', points]]), points, 1).filter(({ kills }) => kills[0]?.when === 'before')
  expect(stories).toHaveLength(14)
  expect(stories[0]?.kills.map(({ point }) => point)).toEqual(['tool:t0', 'tool:t14', 'tool:t28'])
})
