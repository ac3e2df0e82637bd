import { GrammyError } from 'grammy'
import { expect, test } from 'vitest'
import { chatGate } from '../../src/chat/outbox/gate.ts'
import { closingLine, lineHtml, stillTrue } from '../../src/chat/outbox/lines.ts'
import { MessengerError } from '../../src/chat/outbox/messenger.ts'
import { quietUntil } from '../../src/chat/outbox/quiet.ts'
import { toMessengerError } from '../../src/chat/telegram-errors.ts'
import { everyState, view } from './views.ts'

test.each([
  ['23-07 at 23:00', { from: 23, until: 7 }, 'UTC', '2026-11-20T23:00:00Z', '2026-11-21T07:00:00.000Z'],
  ['23-07 at 06:59', { from: 23, until: 7 }, 'UTC', '2026-11-21T06:59:59Z', '2026-11-21T07:00:00.000Z'],
  ['23-07 at 07:00', { from: 23, until: 7 }, 'UTC', '2026-11-21T07:00:00Z', null],
  ['12-14 at 13:30', { from: 12, until: 14 }, 'UTC', '2026-11-21T13:30:00Z', '2026-11-21T14:00:00.000Z'],
  ['12-14 at 11:59', { from: 12, until: 14 }, 'UTC', '2026-11-21T11:59:00Z', null],
  [
    'in Berlin, an hour ahead',
    { from: 23, until: 7 },
    'Europe/Berlin',
    '2026-11-20T22:10:00Z',
    '2026-11-21T06:00:00.000Z',
  ],
  [
    'over the night that summer time ends',
    { from: 23, until: 7 },
    'Europe/Berlin',
    '2026-10-24T21:30:00Z',
    '2026-10-25T06:00:00.000Z',
  ],
  [
    'in a zone of three quarters',
    { from: 23, until: 7 },
    'Asia/Kathmandu',
    '2026-11-20T18:00:00Z',
    '2026-11-21T01:15:00.000Z',
  ],
  ['none are set', undefined, 'UTC', '2026-11-21T03:00:00Z', null],
])('quiet hours: %s', (_name, quiet, timezone, now, end) => {
  expect(quietUntil(quiet, timezone, new Date(now))?.toISOString() ?? null).toBe(end)
})

test.each([
  ['approval', 'asked', true],
  ['approval', 'running', false],
  ['approval', 'expired', false],
  ['doubt', 'doubt', true],
  ['doubt', 'fixed', false],
  ['failed', 'not_fixed', true],
  ['failed', 'fixed', false],
  ['unknown', 'unknown', true],
  ['unknown', 'verifying', false],
  ['critical', 'looking', true],
  ['critical', 'cleared', false],
])('a ping about "%s" while the card stands at %s: %s', (kind, state, holds) => {
  const seen = everyState[state]
  expect(seen && stillTrue(seen, kind)).toBe(holds)
})

test.each([
  [500, 'failed'],
  [502, 'unknown'],
  [503, 'failed'],
  [504, 'unknown'],
  [524, 'unknown'],
])('an answer of %i from Telegram, or a proxy before it, counts as %s', (error_code, failure) => {
  const answer = { ok: false as const, error_code, description: 'Bad Gateway' }
  expect(toMessengerError(new GrammyError('sendMessage failed', answer, 'sendMessage', {})).failure).toBe(failure)
})

test('the line for what is over says what became of it and how long it took', () => {
  const fixed = everyState.fixed ?? view()
  expect(closingLine(fixed)).toBe('✅ #1287 radarr – keeps running out of memory: fixed in 29 min')
  expect(closingLine(everyState.cleared ?? view())).toMatch(/^⚪ #1287 .*: cleared by itself after 11 min$/)
})

test('nothing in a line becomes a link, a mention, a command or markup', () => {
  expect(lineHtml('<b>&</b> see https://evil.example/x and @admin or /freeze, example.com #tag +4915112345678')).toBe(
    '<code>&lt;b&gt;&amp;&lt;/b&gt;</code> see <code>https://evil.example/x</code> and <code>@admin</code> or <code>/freeze,</code> <code>example.com</code> <code>#tag</code> <code>+4915112345678</code>',
  )
  expect(lineHtml('✅ #12 radarr: fixed in 4 min')).toBe('✅ #12 radarr: fixed in 4 min')
})

test('the gate lets so many calls through in a minute, one at a time, and waits as long as it was told', async () => {
  let now = 1_000_000
  const pauses: number[] = []
  const gate = chatGate({ perMinute: 3, now: () => now, onPause: async (until) => void pauses.push(until) })
  let underWay = 0
  let most = 0
  const call = async () => {
    underWay += 1
    most = Math.max(most, underWay)
    await Promise.resolve()
    underWay -= 1
  }
  await Promise.all([gate.run(call), gate.run(call), gate.run(call)])
  expect([most, gate.free()]).toEqual([1, 0])
  now += 60_000
  expect(gate.free()).toBe(3)
  const refused = gate.run(() => Promise.reject(new MessengerError('wait', 'wait 30 s', { waitMs: 30_000 })))
  await expect(refused).rejects.toThrow('wait 30 s')
  expect(pauses).toEqual([now + 30_050])
  const stopped = AbortSignal.abort(new Error('stopped'))
  await expect(gate.open(stopped)).rejects.toThrow('stopped')
  now += 30_050
  await gate.open()
  expect(gate.doubtful).toBe(false)
  await expect(gate.run(() => Promise.reject(new MessengerError('closed', 'Add the bot.')))).rejects.toThrow()
  expect([gate.doubtful, gate.trouble]).toEqual([true, 'Add the bot.'])
})
