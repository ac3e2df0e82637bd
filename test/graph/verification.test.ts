import { expect, test } from 'vitest'
import { type Judgement, judgeAlert, judgeTool, sumUp } from '../../src/graph/verification.ts'

const minute = 60_000
const ranAt = 1_000_000
const alert = { kind: 'alert', withinMs: 30 * minute, forMs: 20 * minute } as const
const tool = { kind: 'tool', tool: 'kubernetes.rollout_status', args: {}, withinMs: 10 * minute } as const
const standing = (firing: number, clearedAt: number | null, firedAt: number | null = null, listed = false) => ({
  firing,
  total: 1,
  clearedAt: clearedAt === null ? null : new Date(clearedAt),
  firedAt: firedAt === null ? null : new Date(firedAt),
  listed,
  alertVersion: 1,
})
/** A process that has listened since before the action, and one that came back after so many minutes. */
const always = { since: ranAt - 1, graceMs: 7 * minute }
const backAfter = (minutes: number) => ({ since: ranAt + minutes * minute, graceMs: 7 * minute })
const at = (afterMs: number) => ({ ranAt, now: ranAt + afterMs })

test('an alert that fires is waited for until its window ends, and then it has failed', () => {
  expect(judgeAlert(alert, standing(1, null), at(0), always)).toMatchObject({
    state: 'pending',
    lookAgainMs: 30 * minute,
  })
  expect(judgeAlert(alert, standing(1, null), at(30 * minute - 1), always)).toMatchObject({
    state: 'pending',
    lookAgainMs: 1,
  })
  expect(judgeAlert(alert, standing(1, null), at(30 * minute), always)).toMatchObject({ state: 'failed' })
})

test('an alert that cleared must stay so for as long as the clause says', () => {
  const cleared = standing(0, ranAt + 5 * minute)
  expect(judgeAlert(alert, cleared, at(5 * minute), always)).toMatchObject({
    state: 'pending',
    lookAgainMs: 20 * minute,
  })
  expect(judgeAlert(alert, cleared, at(25 * minute - 1), always)).toMatchObject({ state: 'pending', lookAgainMs: 1 })
  expect(judgeAlert(alert, cleared, at(25 * minute), always)).toMatchObject({ state: 'passed' })
})

test('an alert that cleared within its window may be watched beyond it', () => {
  expect(judgeAlert(alert, standing(0, ranAt + 29 * minute), at(40 * minute), always).state).toBe('pending')
  expect(judgeAlert(alert, standing(0, ranAt + 29 * minute), at(49 * minute), always).state).toBe('passed')
})

test('an alert that cleared only after its window is no success', () => {
  expect(judgeAlert(alert, standing(0, ranAt + 31 * minute), at(31 * minute), always).state).toBe('failed')
})

test('a process that was away waits for what it missed, and then says that it cannot be told', () => {
  const judge = (minutes: number, back: number) =>
    judgeAlert(alert, standing(1, null, ranAt), at(minutes * minute), backAfter(back))
  expect(judge(29, 40)).toMatchObject({ state: 'pending', lookAgainMs: minute })
  expect(judge(40, 40)).toMatchObject({ state: 'pending', lookAgainMs: 30_000 })
  expect(judge(47, 40)).toMatchObject({ state: 'unknown' })
  // Back shortly before the window ended: the wait is counted from that end.
  expect(judge(36, 25)).toMatchObject({ state: 'pending' })
  expect(judge(37, 25)).toMatchObject({ state: 'unknown' })
})

test('a process that came back early in the window has heard what it missed before the end: silence means that it fires', () => {
  const judge = (minutes: number, back: number) =>
    judgeAlert(alert, standing(1, null, ranAt), at(minutes * minute), backAfter(back))
  expect(judge(29, 1)).toMatchObject({ state: 'pending', lookAgainMs: minute })
  expect(judge(30, 1)).toMatchObject({ state: 'failed', because: 'The alert still fires.' })
  expect(judge(30, 23)).toMatchObject({ state: 'failed' })
  expect(judge(30, 24)).toMatchObject({ state: 'pending' })
})

test('an alert that polls find is waited for beyond its window until a poll says that it fires, or polls have missed it long enough', () => {
  const seen = (minutes: number) => standing(1, null, ranAt + minutes * minute, true)
  expect(judgeAlert(alert, seen(29), at(30 * minute), always)).toMatchObject({ state: 'pending', lookAgainMs: 30_000 })
  expect(judgeAlert(alert, seen(31), at(31 * minute), always)).toMatchObject({ state: 'failed' })
  expect(judgeAlert(alert, seen(29), at(37 * minute), always)).toMatchObject({ state: 'failed' })
  const missedFrom = standing(0, ranAt + 29 * minute, null)
  expect(judgeAlert(alert, missedFrom, at(34 * minute), always)).toMatchObject({ state: 'pending' })
  expect(judgeAlert(alert, missedFrom, at(49 * minute), always)).toMatchObject({ state: 'passed' })
})

test('a process that was away knows that an alert fires from a report after the window, and from none before', () => {
  const heard = (minutes: number) => standing(1, null, ranAt + minutes * minute)
  expect(judgeAlert(alert, heard(41), at(41 * minute), backAfter(40)).state).toBe('failed')
  expect(judgeAlert(alert, heard(29), at(41 * minute), backAfter(40)).state).toBe('pending')
})

test('an end that is heard of late counts from when it was; one that nobody can date is not held against the plan', () => {
  const [early, late] = [ranAt + 5 * minute, ranAt + 35 * minute]
  expect(judgeAlert(alert, standing(0, early, early), at(60 * minute), backAfter(50)).state).toBe('passed')
  expect(judgeAlert(alert, standing(0, late, late), at(60 * minute), backAfter(50)).state).toBe('failed')
  expect(judgeAlert(alert, standing(0, late, ranAt), at(60 * minute), backAfter(34)).state).toBe('unknown')
  // By a clock that is behind, it ended before the action did.
  expect(judgeAlert(alert, standing(0, ranAt - minute), at(19 * minute), always)).toMatchObject({ lookAgainMs: minute })
})

test('a platform that is sound has passed; one that is not is asked again until its window ends', () => {
  expect(judgeTool(tool, { sound: true, summary: 'available' }, at(0))).toEqual({
    state: 'passed',
    because: 'available',
  })
  expect(judgeTool(tool, { sound: false, summary: '0 of 1' }, at(0))).toMatchObject({
    state: 'pending',
    lookAgainMs: 30_000,
  })
  expect(judgeTool(tool, { sound: false, summary: '0 of 1' }, at(10 * minute - 5))).toMatchObject({
    state: 'pending',
    lookAgainMs: 5,
  })
  expect(judgeTool(tool, { sound: false, summary: '0 of 1' }, at(10 * minute))).toEqual({
    state: 'failed',
    because: 'kubernetes.rollout_status does not say that it is sound: 0 of 1',
  })
})

const passed: Judgement = { state: 'passed', because: 'the alert is clear' }
const failed: Judgement = { state: 'failed', because: 'The alert still fires.' }
const pending = (lookAgainMs: number): Judgement => ({ state: 'pending', because: `wait ${lookAgainMs}`, lookAgainMs })

test.each<[string, Judgement[], Partial<Judgement>]>([
  ['nothing to verify is not success', [], { state: 'failed' }],
  [
    'all passed at one look',
    [passed, { state: 'passed', because: 'available' }],
    { state: 'passed', because: 'the alert is clear; available' },
  ],
  ['one failed fails all, whatever else is pending', [pending(5_000), failed, passed], failed],
  [
    'pending until the earliest may have changed',
    [pending(9_000), passed, pending(4_000)],
    { state: 'pending', lookAgainMs: 4_000 },
  ],
  [
    'what cannot be told is waited for while something else is pending',
    [{ state: 'unknown', because: 'nothing was heard' }, pending(4_000)],
    { state: 'pending' },
  ],
  [
    'what cannot be told is no success',
    [passed, { state: 'unknown', because: 'nothing was heard' }],
    { state: 'unknown', because: 'nothing was heard' },
  ],
  ['never sooner than 50 ms', [pending(1)], { state: 'pending', lookAgainMs: 50 }],
])('%s', (_name, judgements, expected) => {
  expect(sumUp(judgements)).toMatchObject(expected)
})
