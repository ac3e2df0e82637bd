import { afterEach, expect, test } from 'vitest'
import { endings, startWatch, type Watch } from './telegram-watch.ts'

const after = endings()
afterEach(after.run)

const NO_RIGHT = 'not enough rights to send text messages to the chat'

const logged = ({ log }: Watch, words: string) => log.filter((line) => line.includes(words)).length

test('a ping for a card whose topic was deleted brings the card back, and keeps nobody else silent', async () => {
  const calls: { call?: unknown; status?: unknown; error?: unknown }[] = []
  const watch = await startWatch(after, { simulator: { onRecord: (record) => calls.push(record) } })
  const id = await watch.records.open()
  const first = await watch.seen(id, 'keeps restarting')
  await watch.quiet()
  watch.telegram.deleteTopic(first.thread ?? 0)
  // A ping alone: nothing has changed on the card.
  await watch.sql`update incidents set severity = 'critical' where id = ${id}`
  await watch.announcer.ping(watch.sql, id, 'critical')
  const other = await watch.records.open({ severity: 'critical', ping: 'critical' })
  const again = await watch.seen(id, 'keeps restarting')
  await watch.seen(other, 'keeps restarting')
  await watch.quiet()
  expect(again.thread).not.toBe(first.thread)
  expect(again.silent).toBe(false)
  expect(watch.telegram.messages()).toHaveLength(2)
  expect(calls.filter(({ error }) => String(error).includes('thread not found'))).toHaveLength(1)
})

test('while Telegram fails at lines alone they wait, and are said once when it does not any more', async () => {
  const watch = await startWatch(after)
  const id = await watch.records.open()
  await watch.seen(id, 'keeps restarting')
  await watch.quiet()
  watch.telegram.fail({ method: 'sendMessage', as: '500', times: 'always' })
  await watch.records.move(id, 'closed', 'self_resolved')
  await watch.announcer.notice(watch.sql, { subject: 'policy', topic: 'reports', text: '❄ alice froze everything' })
  await expect.poll(() => logged(watch, 'a message failed'), { timeout: 10_000 }).toBeGreaterThan(3)
  watch.telegram.mend()
  await watch.quiet(20_000)
  const said = watch.telegram.messages().map(({ text }) => text)
  expect(said.filter((text) => text.includes('froze everything'))).toHaveLength(1)
  expect(said.filter((text) => /^⚪ #\d+ .*: cleared by itself after/.test(text) && !text.includes('\n'))).toHaveLength(
    1,
  )
})

test('while nobody answers, a line is sent once and then waits for a sign of life', async () => {
  const calls: { call?: unknown; status?: unknown }[] = []
  const watch = await startWatch(after, {
    deps: { timeoutSeconds: 1 },
    simulator: { onRecord: (record) => calls.push(record) },
  })
  await expect.poll(() => logged(watch, 'speaks in Telegram')).toBe(1)
  watch.telegram.fail({ method: 'sendMessage', as: 'lost' })
  watch.telegram.fail({ method: 'getMe', as: 'hang', times: 'always' })
  await watch.announcer.notice(watch.sql, { subject: 'policy', topic: 'reports', text: '❄ alice froze everything' })
  await expect.poll(() => logged(watch, 'a message has to wait'), { timeout: 15_000 }).toBeGreaterThan(1)
  expect(watch.telegram.messages()).toHaveLength(1)
  watch.telegram.mend()
  await watch.quiet(20_000)
  expect(watch.telegram.messages()).toHaveLength(2)
})

test('a line whose answer is lost again is not said a third time, whoever says it', async () => {
  const watch = await startWatch(after, { start: false })
  const first = watch.replica()
  watch.telegram.fail({ method: 'sendMessage', as: 'lost', times: 'always' })
  await watch.announcer.notice(watch.sql, { subject: 'policy', topic: 'reports', text: '❄ alice froze everything' })
  await expect.poll(() => watch.sql`select from outbox where unanswered = 1 and sent_at is null`).toHaveLength(1)
  await first.stop()
  watch.replica()
  await watch.quiet()
  expect(watch.telegram.messages()).toHaveLength(2)
})

test('a line that arrived though the answer was a 502 is said twice at most', async () => {
  const watch = await startWatch(after)
  await expect.poll(() => logged(watch, 'speaks in Telegram')).toBe(1)
  watch.telegram.fail({ method: 'sendMessage', as: 'taken', times: 'always' })
  await watch.announcer.notice(watch.sql, { subject: 'policy', topic: 'reports', text: '❄ alice froze everything' })
  await watch.quiet()
  expect(watch.telegram.messages()).toHaveLength(2)
})

test('an outage that answers 502 is waited out by lines, also by those whose topic is not made yet', async () => {
  const watch = await startWatch(after)
  const id = await watch.records.open()
  await watch.seen(id, 'keeps restarting')
  await watch.announcer.notice(watch.sql, { subject: 'policy', topic: 'reports', text: 'alice thawed everything' })
  await watch.quiet()
  for (const method of ['sendMessage', 'createForumTopic', 'getMe'])
    watch.telegram.fail({ method, as: '502', times: 'always' })
  await watch.records.move(id, 'closed', 'self_resolved')
  await watch.announcer.notice(watch.sql, { subject: 'policy', topic: 'reports', text: '❄ alice froze everything' })
  await expect.poll(() => logged(watch, 'a message has to wait'), { timeout: 30_000 }).toBeGreaterThan(2)
  watch.telegram.mend()
  await watch.quiet(20_000)
  const said = watch.telegram.messages().map(({ text }) => text)
  expect(said.filter((text) => text.includes('froze everything'))).toHaveLength(1)
  expect(said.filter((text) => /^⚪ #\d+ .*: cleared by itself after/.test(text) && !text.includes('\n'))).toHaveLength(
    1,
  )
})

test('without the right to write everything waits, the reason is told, and afterwards all of it is said', async () => {
  const watch = await startWatch(after, { start: false })
  const replica = watch.replica()
  await watch.seen(await watch.records.open(), 'keeps restarting')
  await watch.quiet()
  watch.telegram.fail({ method: 'sendMessage', as: '400', times: 'always', description: NO_RIGHT })
  const id = await watch.records.open({ severity: 'critical', ping: 'critical' })
  const reason = 'The bot may not send messages to the group.'
  await expect.poll(() => logged(watch, reason), { timeout: 15_000 }).toBeGreaterThan(3)
  expect(replica.troubles()).toEqual([expect.stringContaining(reason)])
  expect(await watch.records.unsent()).toEqual([{ kind: 'card', subject: `card:${id}` }])
  watch.telegram.mend()
  const card = await watch.seen(id, 'keeps restarting', 15_000)
  expect(card.silent).toBe(false)
  await watch.quiet()
  expect(replica.troubles()).toEqual([])
})

test('in place of a card that is refused as it is stands a plain line, until it has changed', async () => {
  const watch = await startWatch(after, { config: { publicUrl: 'https://watch.example' } })
  watch.telegram.fail({ method: 'sendMessage', as: '400', times: 3, description: 'BUTTON_DATA_INVALID' })
  const id = await watch.records.open({ workload: 'radarr', severity: 'critical', ping: 'critical' })
  const plain = await watch.telegram.waitFor(({ messages }) => messages[0], { timeoutMs: 10_000 })
  expect(plain.text).toBe(
    `🔴 #${id} radarr keeps restarting\nIts card cannot be shown here: https://watch.example/incidents/${id}`,
  )
  expect([plain.keyboard, plain.silent]).toEqual([[], false])
  await watch.quiet()
  await watch.records.ask(id, { ping: false })
  const card = await watch.seen(id, 'Approve')
  await watch.quiet()
  expect(card.message_id).toBe(plain.message_id)
  expect(logged(watch, 'refused as it is')).toBe(1)
})

test('a card whose plain line is refused too is never taken for shown', async () => {
  const watch = await startWatch(after)
  watch.telegram.fail({ method: 'sendMessage', as: '400', times: 4, description: 'nothing of this kind' })
  const id = await watch.records.open()
  await expect.poll(() => watch.sql`select from outbox where refusals = 4`, { timeout: 10_000 }).toHaveLength(1)
  expect(await watch.records.unsent()).toEqual([{ kind: 'card', subject: `card:${id}` }])
  await watch.sql`update outbox set not_before = '-infinity'`
  await watch.telegram.waitFor(({ messages }) => messages.find(({ text }) => text.includes('cannot be shown here')))
})

test('a topic that is deleted after a long outage delays what belongs there by no more than an outage does', async () => {
  const watch = await startWatch(after)
  const id = await watch.records.open()
  const card = await watch.seen(id, 'keeps restarting')
  await watch.quiet()
  watch.telegram.deleteTopic(card.thread ?? 0)
  await watch.sql.begin(async (tx) => {
    await watch.announcer.notice(tx, { subject: 'policy', topic: 'infrastructure', text: '❄ alice froze everything' })
    // As many claims as an outage of half a minute makes.
    await tx`update outbox set attempts = 7 where sent_at is null`
  })
  const waiting = async () => {
    const [row] = await watch.sql<{ seconds: number }[]>`
      select extract(epoch from not_before - watch_now())::float8 as seconds from outbox
      where error = 'The topic is not there any more.' and sent_at is null`
    return row?.seconds
  }
  await expect.poll(waiting, { timeout: 10_000 }).toBeDefined()
  expect(await waiting()).toBeLessThanOrEqual(15)
})

test('a card that was refused and changes before its plain line is out is tried as a card again', async () => {
  const watch = await startWatch(after)
  await expect.poll(() => logged(watch, 'speaks in Telegram')).toBe(1)
  watch.telegram.fail({ method: 'sendMessage', as: '400', times: 3, description: 'BUTTON_DATA_INVALID' })
  watch.telegram.fail({ method: 'sendMessage', as: '429', retry_after: 3 })
  const id = await watch.records.open()
  await expect
    .poll(() => watch.sql`select from outbox where refusals = 3 and sent_at is null and error like '%wait%'`, {
      timeout: 10_000,
    })
    .toHaveLength(1)
  await watch.records.ask(id)
  const card = await watch.seen(id, 'Approve')
  await watch.quiet()
  expect(watch.telegram.messages()).toHaveLength(1)
  expect([card.edits, card.silent]).toEqual([[], false])
})
