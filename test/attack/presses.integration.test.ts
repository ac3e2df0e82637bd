import { randomBytes } from 'node:crypto'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { findApproval } from '../../src/approvals/approval-store.ts'
import { approvalDesk } from '../../src/approvals/desk.ts'
import type { Person } from '../../src/domain/person.ts'
import type { Press } from '../../src/domain/press.ts'
import { announcer } from '../../src/incidents/announce.ts'
import { alice, bob, pass, type Question, recordingAnnouncer, recordingQueue, seedQuestion } from '../approvals/seed.ts'
import { testConsole } from '../chat/console-double.ts'
import { testDatabase } from '../support/postgres.ts'

const db = await testDatabase()
const { sql } = db
afterAll(db.close)

const GROUP = -1_001_234_567_890
let question: Question
let desk: ReturnType<typeof approvalDesk>
let queue = recordingQueue()
beforeEach(async () => {
  queue = recordingQueue()
  desk = approvalDesk({
    sql,
    queue,
    announcer: recordingAnnouncer(),
    options: { authorizationTtlMs: 900_000, people: () => [alice, bob] },
  })
  question = await seedQuestion(sql)
  await shown({ messageId: 55 })
})

async function shown({
  messageId,
  threadId = 7,
}: {
  messageId: number | null
  threadId?: number | null
}): Promise<void> {
  await sql`
    insert into messages (channel, incident_id, kind, chat_id, thread_id, message_id)
    values ('telegram', ${question.incident}, 'card', ${GROUP}, ${threadId}, ${messageId})
    on conflict (channel, incident_id, kind) do update set message_id = excluded.message_id, thread_id = excluded.thread_id`
}

const place = (changes: Partial<NonNullable<Press['place']>> = {}) => ({
  chatId: GROUP,
  threadId: 7,
  messageId: 55,
  ...changes,
})
const telegram = async (person: Person | undefined, more: Partial<Press> = {}) =>
  desk.press({
    token: await question.token('approve'),
    person,
    actor: `telegram:${person?.telegramId ?? 666}`,
    channel: 'telegram',
    place: place(),
    ...more,
  })
const refusals = async (actor: string) =>
  (await sql<{ because: string }[]>`select because from refusals where actor = ${actor} order by id`).map(
    ({ because }) => because,
  )

async function nothingHappened(): Promise<void> {
  expect((await findApproval(sql, question.approval.id))?.status).toBe('pending')
  expect(queue.jobs).toEqual([])
  expect(await sql`select 1 from authorizations where plan_id = ${question.plan.id}`).toHaveLength(0)
  expect(await sql`select 1 from votes where approval_id = ${question.approval.id}`).toHaveLength(0)
}

test('A3: somebody who is not on the list is answered and recorded, and nothing else', async () => {
  const answer = await telegram(undefined, { actor: 'telegram:31337' })
  expect(answer).toEqual({ text: 'You are not on the list of people who may decide here.', alert: true })
  await nothingHappened()
  expect(await refusals('telegram:31337')).toEqual(['not on the list of people'])
})

test.each<[string, Partial<NonNullable<Press['place']>>, string]>([
  [
    'another chat, where the card was forwarded to',
    { chatId: -5 },
    'This button belongs to another chat. Use the card there.',
  ],
  ['another topic', { threadId: 8 }, 'This button belongs to another chat. Use the card there.'],
  ['no topic at all', { threadId: null }, 'This button belongs to another chat. Use the card there.'],
  ['an old copy of the card', { messageId: 54 }, 'This is an old copy of the card. Use the newest one.'],
  ['a message that Telegram does not name', { messageId: null }, 'This card cannot be used from here.'],
])('A3: a press in %s is refused, even by an admin', async (_name, changes, text) => {
  expect(await telegram(alice, { place: place(changes) })).toEqual({ text, alert: true })
  await nothingHappened()
})

test('A3: a press that says nothing of its place, or on a card that was never sent, is refused', async () => {
  const { place: _place, ...bare } = {
    token: await question.token('approve'),
    person: alice,
    actor: 'telegram:1001',
    channel: 'telegram' as const,
    place: 0,
  }
  expect((await desk.press(bare)).alert).toBe(true)
  await sql`delete from messages where incident_id = ${question.incident}`
  expect((await telegram(alice)).alert).toBe(true)
  await nothingHappened()
})

test('a card whose answer was lost is bound by its first press, and then by nothing else', async () => {
  await shown({ messageId: null })
  expect((await telegram(bob, { token: await question.token('taken'), place: place({ messageId: 90 }) })).text).toBe(
    'It is yours. The others see it on the card.',
  )
  expect((await telegram(alice, { place: place({ messageId: 91 }) })).text).toBe(
    'This is an old copy of the card. Use the newest one.',
  )
  expect((await telegram(alice, { place: place({ messageId: 90 }) })).text).toBe('Approved, running.')
})

test('A4: a button of another incident’s card decides about that one alone, and only where that card stands', async () => {
  const other = await seedQuestion(sql)
  expect((await telegram(alice, { token: await other.token('approve') })).text).toBe(
    'This button belongs to another chat. Use the card there.',
  )
  expect((await findApproval(sql, other.approval.id))?.status).toBe('pending')
  await nothingHappened()
})

test('A4: edited and guessed tokens do nothing, and after ten of them the actor is locked out for ten minutes', async () => {
  const genuine = await question.token('approve')
  const guesses = [genuine.slice(0, -1), `${genuine}A`, genuine.toUpperCase(), "' or 1=1 --", '', '\u0000'.repeat(0)]
  for (const token of guesses)
    expect((await telegram(bob, { token, actor: 'telegram:1002' })).text).toBe(
      'This button is not known here. Use the newest card.',
    )
  while ((await refusals('telegram:1002')).length < 10)
    await telegram(bob, { token: randomBytes(16).toString('base64url'), actor: 'telegram:1002' })
  const locked = 'Too many unknown buttons from you. Wait ten minutes, then use the newest card.'
  expect((await telegram(bob, { actor: 'telegram:1002' })).text).toBe(locked)
  await nothingHappened()
  expect((await telegram(alice)).text).toBe('Approved, running.')
  await pass(sql, 10 * 60_000 + 1)
  expect((await telegram(bob, { actor: 'telegram:1002' })).text).toBe('alice approved this already.')
  await pass(sql, -10 * 60_000 - 1)
})

test('A3: a viewer who presses in the console is turned away and recorded', async () => {
  const { login, post } = testConsole({ role: 'viewer', desk })
  await login()
  const press = { token: await question.token('approve'), csrf: 'csrf-anna' }
  const response = await post('/press', press, { accept: 'application/json' })
  expect(response.status).toBe(403)
  expect(await response.json()).toEqual({ text: 'You may look, but not decide: your role is viewer.', alert: true })
  await nothingHappened()
  expect(await refusals('console:anna')).toContain('a viewer pressed approve')
})

test('A4: that somebody is locked out is told to everybody once, also where it was in the console', async () => {
  const told = approvalDesk({
    sql,
    queue,
    announcer: announcer(['telegram']),
    options: { authorizationTtlMs: 900_000, people: () => [alice, bob] },
  })
  const { login, post } = testConsole({ role: 'operator', desk: told })
  await login()
  const guess = () => post('/press', { token: randomBytes(16).toString('base64url'), csrf: 'csrf-anna' })
  const notices = () => sql`select text, loud from outbox where kind = 'notice' order by id`
  for (let times = 0; times < 9; times++) await guess()
  expect(await notices()).toEqual([])
  for (let times = 0; times < 3; times++) await guess()
  const text = '⚠ anna (console:anna) pressed too many unknown buttons and is not listened to for ten minutes.'
  expect(await notices()).toEqual([{ text, loud: true }])
  await sql`update outbox set sent_at = watch_now()`
  await guess()
  expect(await notices()).toHaveLength(1)
  // The outbox is long and has no index for this: it is not what is asked.
  await sql`delete from outbox`
  await guess()
  expect(await notices()).toEqual([])
  await pass(sql, 10 * 60_000 + 1)
  for (let times = 0; times < 12; times++) await guess()
  expect(await notices()).toEqual([{ text, loud: true }])
  await pass(sql, -10 * 60_000 - 1)
})

test('A4: a flood of guesses at once does not slip past the lockout', async () => {
  const flood = await Promise.all(
    Array.from({ length: 40 }, () =>
      telegram(bob, { token: randomBytes(16).toString('base64url'), actor: 'telegram:777' }),
    ),
  )
  expect(flood.every(({ alert }) => alert)).toBe(true)
  expect((await telegram(bob, { actor: 'telegram:777' })).text).toMatch(/^Too many unknown buttons/)
  await nothingHappened()
})

test('A6: a plan whose row is not what was shown can be approved by nobody', async () => {
  await sql`update plans set body = jsonb_set(body, '{actions,0,arguments,memory}', '"64Gi"') where id = ${question.plan.id}`
  expect((await telegram(alice)).text).toBe('The plan has changed since it was shown. I will ask again.')
  expect((await findApproval(sql, question.approval.id))?.status).toBe('superseded')
  expect(await refusals('telegram:1001')).toContain('the plan is not what was shown')
  const [entry] = await sql`select kind, body from ledger where incident_id = ${question.incident}`
  expect(entry).toMatchObject({ kind: 'refused', body: { because: 'the plan is not what was shown', by: 'alice' } })
})

test('A6: a row whose digest was changed along with it does not fit the approval either', async () => {
  const { planDigest } = await import('../../src/domain/plan.ts')
  const body = { ...question.plan.body, inputs: { namespace: 'elsewhere' } }
  await sql`update plans set body = ${sql.json(body as never)}, digest = ${planDigest(body)} where id = ${question.plan.id}`
  expect((await telegram(alice)).text).toBe('The plan has changed since it was shown. I will ask again.')
  expect(await sql`select 1 from authorizations where plan_id = ${question.plan.id}`).toHaveLength(0)
})
