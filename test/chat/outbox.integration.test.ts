import { afterEach, expect, test } from 'vitest'
import { endings, startWatch } from './telegram-watch.ts'

const after = endings()
afterEach(after.run)

test('a new incident becomes one card in its topic, which is then edited as it moves', async () => {
  const watch = await startWatch(after)
  const id = await watch.records.open({ workload: 'radarr' })
  const first = await watch.seen(id, 'radarr')
  await watch.records.ask(id, { ping: false })
  const asked = await watch.seen(id, 'Approve')
  await watch.records.move(id, 'closed', 'rejected')
  const over = await watch.seen(id, 'Rejected')
  expect([asked.message_id, over.message_id]).toEqual([first.message_id, first.message_id])
  expect(watch.telegram.topics().find(({ thread }) => thread === first.thread)?.name).toBe('🔵 Infrastructure')
  expect(first.silent).toBe(true)
  await watch.quiet()
})

test('what people decide on is in the ledger when it was shown, once for a plan', async () => {
  const watch = await startWatch(after)
  const id = await watch.records.open()
  const approval = await watch.records.ask(id)
  await watch.seen(id, 'Approve')
  await watch.quiet()
  await watch.records.announce(id)
  await watch.quiet()
  const shown = await watch.sql`select kind, incident_id, key, body->>'plan' as plan from ledger`
  expect(shown).toEqual([
    { kind: 'shown', incident_id: id, key: `shown:telegram:${approval.digest}`, plan: approval.digest },
  ])
})

test('a card that nobody has seen yet is loud instead of the ping beside it; later pings are lines of their own', async () => {
  const watch = await startWatch(after)
  const loud = await watch.records.open({ severity: 'critical', ping: 'critical' })
  await watch.seen(loud, 'keeps restarting')
  await watch.quiet()
  expect(watch.telegram.messages()).toMatchObject([{ silent: false }])
  await watch.records.ask(loud)
  await watch.quiet()
  const [card, ping] = watch.telegram.messages()
  expect(ping).toMatchObject({ silent: false, reply_to: card?.message_id, thread: card?.thread })
  expect(ping?.text).toContain(`An answer is wanted`)
})

test('in quiet hours a ping waits and its card makes no sound, unless it is critical', async () => {
  const hour = new Date().getUTCHours()
  const quietHours = { from: hour, until: (hour + 2) % 24 }
  const watch = await startWatch(after, { config: { quietHours } })
  const calm = await watch.records.open({ severity: 'warning' })
  await watch.records.ask(calm)
  const urgent = await watch.records.open({ severity: 'critical', ping: 'critical' })
  await watch.seen(calm, 'Approve')
  await watch.seen(urgent, 'keeps restarting')
  await expect
    .poll(() => watch.sql`select subject, error from outbox where sent_at is null`)
    .toEqual([{ subject: `ping:${calm}`, error: 'held for the quiet hours' }])
  expect(watch.card(calm)?.silent).toBe(true)
  expect(watch.card(urgent)?.silent).toBe(false)
  expect(watch.telegram.messages()).toHaveLength(2)
  // Morning, with a second thing that waits: one summary instead of two pings.
  const other = await watch.records.open({ severity: 'warning' })
  await watch.records.ask(other)
  await watch.seen(other, 'Approve')
  await expect
    .poll(async () => (await watch.sql`select from outbox where sent_at is null and error like 'held%'`).length)
    .toBe(2)
  await watch.sql`update outbox set not_before = '-infinity' where sent_at is null`
  const summary = await watch.telegram.waitFor(({ messages }) =>
    messages.find(({ text }) => text.includes('quiet hours are over')),
  )
  expect(summary.text).toContain('2 things wait')
})

test('everything about one incident arrives in order, whatever is in flight beside it', async () => {
  const watch = await startWatch(after)
  const ids = await Promise.all(Array.from({ length: 12 }, () => watch.records.open()))
  await Promise.all(ids.map((id) => watch.records.ask(id)))
  await Promise.all(ids.map((id) => watch.records.move(id, 'closed', 'rejected')))
  await watch.quiet()
  for (const id of ids) {
    const about = watch.telegram
      .messages()
      .filter(({ text }) => text.includes(`#${id} `) || text.endsWith(`#${id}`) || text.includes(`#${id})`))
    const order = about.map(({ text }) =>
      text.includes('no model used') ? 'card' : text.includes('wanted') ? 'ping' : 'closed',
    )
    expect(order[0]).toBe('card')
    expect(order.at(-1)).toBe('closed')
    expect(about.filter(({ text }) => text.includes('no model used'))).toHaveLength(1)
    expect(watch.card(id)?.text).toContain('Rejected')
  }
})

test('told to wait, nothing goes to the chat before the time, and what moved meanwhile is one edit', async () => {
  const watch = await startWatch(after)
  const id = await watch.records.open()
  await watch.seen(id, 'keeps restarting')
  await watch.quiet()
  watch.telegram.fail({ method: '*', as: '429', retry_after: 2 })
  const refusedAt = Date.now()
  await watch.records.announce(id)
  await watch.records.ask(id, { ping: false })
  await watch.records.move(id, 'open')
  await watch.records.move(id, 'closed', 'abandoned')
  const over = await watch.seen(id, 'Given up')
  await watch.quiet()
  expect((over.edited_at ?? 0) - refusedAt).toBeGreaterThanOrEqual(1_950)
  expect(over.edits).toHaveLength(1)
  expect(watch.telegram.earlyCalls()).toBe(0)
})

test('the rate of the chat holds for cards, edits and lines together', async () => {
  const watch = await startWatch(after, {
    telegram: { ratePerMinute: 6 },
    simulator: { limits: { perChatPerMinute: 6 } },
  })
  await Promise.all(Array.from({ length: 5 }, () => watch.records.open()))
  await watch.telegram.waitFor(({ messages }) => messages.length === 5)
  await Promise.all(Array.from({ length: 4 }, () => watch.records.open()))
  await expect.poll(async () => (await watch.records.unsent()).length).toBe(4)
  expect(watch.telegram.messages()).toHaveLength(5)
  expect(watch.log.filter((line) => line.includes('wait'))).toEqual([])
})

test('far behind, people get a counted summary first and then the newest critical cards', async () => {
  const watch = await startWatch(after, { telegram: { ratePerMinute: 10 }, start: false })
  for (let n = 0; n < 20; n++) await watch.records.open({ severity: n % 5 === 0 ? 'critical' : 'warning' })
  watch.replica()
  await watch.telegram.waitFor(({ messages }) => messages.length >= 6, { timeoutMs: 10_000 })
  const [summary, ...cards] = watch.telegram.messages()
  expect(summary?.text).toContain('20 new incidents (4 critical, 16 warning)')
  expect(summary?.silent).toBe(false)
  expect(summary?.text.match(/#\d+/g)).toHaveLength(20)
  expect(cards.slice(0, 4).map(({ text }) => Number(/#(\d+)/.exec(text)?.[1]))).toEqual([16, 11, 6, 1])
})

test('a lost answer makes at most two copies, and one keyboard that lives', async () => {
  const watch = await startWatch(after)
  const before = await watch.records.open()
  await watch.seen(before, 'keeps restarting')
  watch.telegram.fail({ method: 'sendMessage', as: 'lost' })
  const id = await watch.records.open()
  await watch.records.ask(id, { ping: false })
  await expect
    .poll(() => watch.telegram.messages().filter(({ text }) => text.includes(`#${id}`)).length, { timeout: 8_000 })
    .toBe(2)
  await watch.seen(id, 'Approve')
  await watch.quiet()
  const [first, second] = watch.telegram.messages().filter(({ text }) => text.includes(`#${id}`))
  const [known] = await watch.sql`select message_id from messages where incident_id = ${id}`
  expect(known?.message_id).toBe(second?.message_id)
  const tokens = await watch.sql<{ token: string }[]>`
    select token from buttons where incident_id = ${id} and retired_at is null and used_at is null`
  const live = new Set(tokens.map(({ token }) => token))
  expect(second?.keyboard.flat().every(({ callback_data: data }) => live.has(data ?? ''))).toBe(true)
  expect(first?.keyboard.flat().some(({ callback_data: data }) => live.has(data ?? ''))).toBe(false)
})

test('a press on the copy whose answer was lost binds it: no second copy is sent', async () => {
  const watch = await startWatch(after, { deps: { timeoutSeconds: 1 } })
  const before = await watch.records.open()
  await watch.seen(before, 'keeps restarting')
  await watch.quiet()
  watch.telegram.fail({ method: 'sendMessage', as: 'lost' })
  watch.telegram.fail({ method: 'getMe', as: '502', times: 2 })
  const id = await watch.records.open()
  const copy = await watch.seen(id, 'More')
  const { answer } = await watch.telegram.press({
    message_id: copy.message_id,
    text: 'More',
    from: { id: 1002, first_name: 'Bob' },
  })
  expect((await answer)?.show_alert).toBe(false)
  await watch.seen(id, 'Back')
  await watch.quiet()
  expect(watch.telegram.messages().filter(({ text }) => text.includes(`#${id}`))).toHaveLength(1)
})

test('while Telegram fails, tries get rarer; afterwards everything is said once', async () => {
  const watch = await startWatch(after)
  const id = await watch.records.open()
  await watch.seen(id, 'keeps restarting')
  await watch.quiet()
  watch.telegram.fail({ method: 'editMessageText', as: '502', times: 3 })
  const began = Date.now()
  await watch.records.ask(id, { ping: false })
  await watch.seen(id, 'Approve')
  // Half a second, one, two: each up to a quarter less.
  expect(Date.now() - began).toBeGreaterThan(2_500)
  await watch.quiet()
  expect(watch.telegram.messages()).toHaveLength(1)
})

test('a card that somebody deleted comes again, with buttons of its own', async () => {
  const watch = await startWatch(after)
  const id = await watch.records.open()
  const first = await watch.seen(id, 'keeps restarting')
  await watch.quiet()
  watch.telegram.deleteMessage(first.message_id)
  await watch.records.ask(id, { ping: false })
  const second = await watch.seen(id, 'Approve')
  expect(second.message_id).not.toBe(first.message_id)
  await watch.quiet()
  expect(watch.telegram.messages()).toHaveLength(1)
})

test('a card that says nothing new is not edited', async () => {
  const watch = await startWatch(after)
  const id = await watch.records.open()
  await watch.seen(id, 'keeps restarting')
  await watch.quiet()
  for (let times = 0; times < 3; times++) {
    await watch.records.announce(id)
    await watch.quiet()
  }
  expect(watch.card(id)?.edits).toEqual([])
})

test('what is over gets one line in the topic for it, and none when it is open again', async () => {
  const watch = await startWatch(after)
  const id = await watch.records.open({ workload: 'radarr' })
  await watch.seen(id, 'radarr')
  await watch.records.move(id, 'verifying')
  await watch.records.move(id, 'closed', 'fixed')
  const line = await watch.telegram.waitFor(({ messages, topics }) => {
    const resolved = topics.find(({ name }) => name === '✅ Resolved')
    return messages.find(({ thread }) => thread !== undefined && thread === resolved?.thread)
  })
  expect(line.text).toMatch(new RegExp(`^✅ #${id} radarr.* fixed in \\d+ s$`))
  expect(line.silent).toBe(true)
})

test('what a killed sender left in the middle is taken up by the next', async () => {
  const watch = await startWatch(after, { start: false })
  const id = await watch.records.open()
  await watch.sql`update outbox set sent_at = watch_now(), sending_since = watch_now(), attempts = 1`
  await watch.records.announce(id)
  watch.replica()
  await watch.seen(id, 'keeps restarting')
  await watch.quiet()
  expect(watch.telegram.messages()).toHaveLength(1)
})

test('an announcement that a slow transaction makes beside a waiting one is not lost', async () => {
  const watch = await startWatch(after)
  const id = await watch.records.open()
  await watch.seen(id, 'keeps restarting')
  await watch.quiet()
  watch.telegram.fail({ method: 'editMessageText', as: '429', retry_after: 1 })
  await watch.sql`update incidents set severity = 'critical' where id = ${id}`
  await watch.records.announce(id)
  await expect.poll(() => watch.log.filter((line) => line.includes('has to wait'))).toHaveLength(1)
  await watch.sql.begin(async (tx) => {
    await tx`update incidents set taken_by = 'alice' where id = ${id}`
    await watch.announcer.card(tx, [id])
    // Long enough for the sender to come back for the row that waits.
    await tx`select pg_sleep(2)`
  })
  await watch.seen(id, 'alice is on it', 5_000)
})
