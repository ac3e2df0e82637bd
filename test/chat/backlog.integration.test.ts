import { afterEach, expect, test } from 'vitest'
import { sumUpNight, sumUpWaiting } from '../../src/chat/outbox/backlog.ts'
import { HELD } from '../../src/chat/outbox/deliver-line.ts'
import { chatGate } from '../../src/chat/outbox/gate.ts'
import { endings, startWatch, type Watch } from './telegram-watch.ts'

const after = endings()
afterEach(after.run)

const BACKLOG = 12

function depsOf(watch: Watch) {
  const topics = watch.topics(async () => 1)
  const gate = chatGate({ perMinute: 10 })
  return { sql: watch.sql, channel: 'telegram', runbookOf: () => undefined, topics, gate }
}

const summaries = ({ sql }: Watch) => sql<{ text: string; tells: number[] | null }[]>`
  select text, tells from outbox where kind = 'notice' order by id`

test('far behind, the summary comes first though nothing in it is critical, and makes no sound then', async () => {
  const watch = await startWatch(after, { telegram: { ratePerMinute: 10 }, start: false })
  for (let n = 0; n < 30; n++) await watch.records.open()
  watch.replica()
  await watch.telegram.waitFor(({ messages }) => messages.length >= 3, { timeoutMs: 10_000 })
  const [summary] = watch.telegram.messages()
  expect(summary?.text).toContain('30 new incidents (30 warning)')
  expect(summary?.silent).toBe(true)
})

test('however many there are and however long their names, the summary fits into one message', async () => {
  const watch = await startWatch(after, { telegram: { ratePerMinute: 10 }, start: false })
  const workload = 'a-name-that-goes-on-and-on-and-on-as-those-of-generated-workloads-do'
  for (let n = 0; n < 300; n++) await watch.records.open({ workload })
  watch.replica()
  const summary = await watch.telegram.waitFor(({ messages }) => messages.find(({ text }) => text.startsWith('🌩')), {
    timeoutMs: 10_000,
  })
  expect(summary.text).toContain('300 new incidents (300 warning)')
  expect(summary.text.length).toBeLessThanOrEqual(3_900)
  expect(summary.text).toMatch(/\nand \d+ more: #\d+ .*…$/)
  expect(watch.log.filter((line) => line.includes('refused'))).toEqual([])
})

test('each incident is in one summary, whoever has the duty, and in another where that one could not be said', async () => {
  const watch = await startWatch(after, { start: false })
  const { sql } = watch
  const opened = async (many: number) => {
    const ids: number[] = []
    for (let n = 0; n < many; n++) ids.push(await watch.records.open())
    return ids.reverse()
  }
  const first = await opened(15)
  await sumUpWaiting(depsOf(watch), BACKLOG)
  await sumUpWaiting(depsOf(watch), BACKLOG)
  expect(await summaries(watch)).toEqual([expect.objectContaining({ tells: first })])
  await sql`update outbox set sent_at = watch_now() where kind = 'notice'`
  const second = await opened(15)
  await sumUpWaiting(depsOf(watch), BACKLOG)
  expect((await summaries(watch))[1]?.tells).toEqual(second)
  // The second is given up; a while later its incidents have their turn again.
  const givenUp = (minutes: number) => sql`
    update outbox set sent_at = watch_now() - ${minutes} * interval '1 minute', error = 'Telegram refused'
    where tells is not null and tells @> ${[second[0] ?? 0]}::bigint[]`
  await givenUp(1)
  await sumUpWaiting(depsOf(watch), BACKLOG)
  expect(await summaries(watch)).toHaveLength(2)
  await givenUp(6)
  await sumUpWaiting(depsOf(watch), BACKLOG)
  expect((await summaries(watch))[2]?.tells).toEqual(second)
})

test('what the night held back and could not be summed up is still held', async () => {
  const watch = await startWatch(after, { start: false })
  const { sql } = watch
  for (let n = 0; n < 2; n++) await watch.records.ask(await watch.records.open())
  await sql`update outbox set error = ${HELD}, not_before = '-infinity' where kind = 'ping'`
  const held = () => sql`select from outbox where kind = 'ping' and sent_at is null and error = ${HELD}`
  await sql`alter table outbox add constraint no_notices check (kind <> 'notice')`
  await expect(sumUpNight(depsOf(watch))).rejects.toThrow('no_notices')
  expect(await held()).toHaveLength(2)
  await sql`alter table outbox drop constraint no_notices`
  await sumUpNight(depsOf(watch))
  expect(await held()).toHaveLength(0)
  expect(await summaries(watch)).toEqual([expect.objectContaining({ text: expect.stringContaining('2 things wait') })])
})
