import { expect, test } from 'vitest'
import { openSessions } from '../src/sessions.ts'

const MINUTE = 60_000

function clock() {
  let time = 0
  return {
    now: () => time,
    pass: (minutes: number) => {
      time += minutes * MINUTE
    },
  }
}

test('a session is idle when nothing was heard of it for half an hour', () => {
  const { now, pass } = clock()
  const sessions = openSessions<string>(now)
  sessions.add('a', 'quiet')
  sessions.add('b', 'busy')
  pass(20)
  expect(sessions.find('b')).toBe('busy')
  pass(11)
  expect(sessions.idle()).toEqual(['quiet'])
  sessions.delete('a')
  expect([sessions.find('a'), sessions.all(), sessions.count()]).toEqual([undefined, ['busy'], 1])
})

test('a session with a call under way is never idle, and has half an hour from its end', async () => {
  const { now, pass } = clock()
  const sessions = openSessions<string>(now)
  sessions.add('a', 'caller')
  const { promise, resolve } = Promise.withResolvers<string>()
  const calls = [sessions.during('a', () => promise), sessions.during('a', async () => 'short')]
  await calls[1]
  pass(90)
  expect(sessions.idle()).toEqual([])
  resolve('long')
  expect(await calls[0]).toBe('long')
  pass(29)
  expect(sessions.idle()).toEqual([])
  pass(2)
  expect(sessions.idle()).toEqual(['caller'])
})

test('a call that fails ends too, and one without a session is made all the same', async () => {
  const { now, pass } = clock()
  const sessions = openSessions<string>(now)
  sessions.add('a', 'caller')
  await expect(sessions.during('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(await sessions.during(undefined, async () => 1)).toBe(1)
  pass(31)
  expect(sessions.idle()).toEqual(['caller'])
})
