import { afterEach, expect, test } from 'vitest'
import type { Answer } from '../../src/domain/answer.ts'
import { ANSWERS_CHANNEL } from '../../src/incidents/wake.ts'
import { json } from '../../src/storage/postgres.ts'
import { bob, endings, startWatch, type Watch } from './telegram-watch.ts'

const after = endings()
afterEach(after.run)

const answer: Answer = {
  ...{ kind: 'answer', by: 'model', notes: [], degraded: [], evidence: [], unsupported: 0, looks: 1, refused: [] },
  lines: [{ text: 'It was killed for its memory.', cites: [] }],
  models: [{ model: 'small', place: 'local', reason: 'mode', because: 'x' }],
  ...{ tokens: 1, microUsd: 0, plan: null },
}

/** A question that is being worked on, as its row. */
async function question({ sql, telegram }: Watch, incident: number | null = null): Promise<string> {
  const { message_id: replyTo } = await telegram.say({ text: 'why?', from: bob })
  const to = { chatId: telegram.chatId, threadId: null, replyTo }
  const [row] = await sql<{ id: string }[]>`
    insert into investigations (kind, incident_id, asked_by, request, answer_to, status)
    values ('question', ${incident}, 'bob', '{}', ${json(sql, to)}, 'running') returning id`
  return row?.id ?? ''
}

async function progress({ sql }: Watch, id: string, line: string): Promise<void> {
  await sql`update investigations set progress = ${line} where id = ${id}`
  await sql`select pg_notify(${ANSWERS_CHANNEL}, ${id})`
}

async function done({ sql }: Watch, id: string, report: Answer | { failed: string } = answer): Promise<void> {
  await sql`update investigations set status = 'done', report = ${json(sql, report)}, progress = null where id = ${id}`
  await sql`select pg_notify(${ANSWERS_CHANNEL}, ${id})`
}

const said = (watch: Watch, text: string) =>
  watch.telegram.waitFor(({ messages }) => messages.find((message) => message.text.includes(text)), { for: text })

test('the line that passes the time is one message, edited no more often than it may be, and becomes the answer', async () => {
  const watch = await startWatch(after, { deps: { progressAfterMs: 0, progressEveryMs: 500 } })
  const id = await question(watch)
  await progress(watch, id, 'Looking: kubernetes.describe …')
  const { message_id: line } = await said(watch, 'kubernetes.describe')
  for (let step = 1; step <= 10; step++) await progress(watch, id, `Looking: step ${step} …`)
  await said(watch, 'step 10')
  await done(watch, id)
  const message = await said(watch, 'killed for its memory')
  expect(message.message_id).toBe(line)
  const times = message.edits.map(({ until }) => until)
  expect(times.length).toBeLessThanOrEqual(4)
  const between = times.slice(1, -1).map((time, at) => time - (times[at] ?? 0))
  for (const ms of between) expect(ms).toBeGreaterThanOrEqual(450)
  expect(watch.telegram.messages()).toHaveLength(1)
})

test('what ends at once is said at once, as a reply, silently and once', async () => {
  const watch = await startWatch(after)
  const id = await question(watch)
  await done(watch, id)
  const message = await said(watch, 'killed for its memory')
  expect(message).toMatchObject({ silent: true, preview: false, edits: [] })
  expect(message.reply_to).toBeDefined()
  await done(watch, await question(watch))
  await expect.poll(() => watch.telegram.messages().length).toBe(2)
})

test('while Telegram is away an answer waits; one that is refused for good is given up, and holds up nobody', async () => {
  const watch = await startWatch(after)
  const { sql, telegram } = watch
  const hopeless = await question(watch)
  await sql`update investigations set answer_to = ${json(sql, { chatId: -77, threadId: null, replyTo: null })} where id = ${hopeless}`
  await done(watch, hopeless)
  telegram.fail({ method: 'sendMessage', times: 2, as: '429', retry_after: 1 })
  await done(watch, await question(watch))
  await said(watch, 'killed for its memory')
  await expect
    .poll(async () => (await sql`select from investigations where told_at is null`).length, { timeout: 15_000 })
    .toBe(0)
  expect(telegram.messages()).toHaveLength(1)
})

test('an answer waits while the bot may not write in its chat', async () => {
  const watch = await startWatch(after)
  watch.telegram.fail({
    method: 'sendMessage',
    as: '400',
    times: 4,
    description: 'not enough rights to send text messages to the chat',
  })
  await done(watch, await question(watch))
  await watch.telegram.waitFor(({ messages }) => messages.find(({ text }) => text.includes('killed for its memory')), {
    timeoutMs: 15_000,
  })
})

test('secrets are cut, what stays at home is not told, and a failure is said', async () => {
  const clean = async (texts: readonly string[]) => texts.map((text) => text.replaceAll('hunter2', '[cut]'))
  const outside = { keepsHome: (labels: object) => 'never_leaves' in labels, cloud: false }
  const watch = await startWatch(after, { deps: { clean, outside } })
  await done(watch, await question(watch), { ...answer, lines: [{ text: 'The password is hunter2.', cites: [] }] })
  expect((await said(watch, 'The password is')).text).toContain('[cut]')
  const incident = await watch.records.open()
  await watch.sql`update alerts set labels = labels || '{"never_leaves":"true"}' where incident_id = ${incident}`
  await done(watch, await question(watch, incident), { ...answer, lines: [{ text: 'Of the safe.', cites: [] }] })
  expect((await said(watch, 'The answer is in the console')).text).toContain(`#${incident} stays at home`)
  await done(watch, await question(watch), { failed: 'It could not be looked into.' })
  await said(watch, 'It could not be looked into.')
  expect(JSON.stringify(watch.telegram.messages())).not.toMatch(/hunter2|Of the safe/)
})

test('an answer that took more than a day to come is said all the same', async () => {
  const watch = await startWatch(after)
  const id = await question(watch)
  await watch.sql`
    update investigations set created_at = watch_now() - interval '30 hours', ended_at = watch_now() where id = ${id}`
  await done(watch, id)
  await said(watch, 'killed for its memory')
})
