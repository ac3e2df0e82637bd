import { afterAll, beforeEach, expect, test } from 'vitest'
import { freeze, thaw } from '../../src/autonomy/freeze.ts'
import { policyNow } from '../../src/autonomy/policy-setting.ts'
import { consolePolicy } from '../../src/chat/console/policy.ts'
import { freezeCommand } from '../../src/cli/freeze.ts'
import type { Person } from '../../src/domain/person.ts'
import { announcer } from '../../src/incidents/announce.ts'
import { inTransaction } from '../../src/storage/postgres.ts'
import { seedIncident } from '../approvals/seed.ts'
import { testDatabase } from '../support/postgres.ts'

const db = await testDatabase()
const { sql } = db
afterAll(db.close)

const alice: Person = { name: 'alice', telegramId: 1001, role: 'admin' }
const chat = announcer(['telegram'])
let waiting: number
beforeEach(async () => {
  await sql`truncate outbox`
  await sql`delete from settings where name = 'policy'`
  waiting = await seedIncident(sql, 'waiting')
})

/** What the agent is to say: the notices, and the incidents whose cards are drawn again. */
async function told() {
  const rows = await sql<{ kind: string; text: string | null; loud: boolean; incident: number | null }[]>`
    select kind, text, loud, incident_id as incident from outbox order by id`
  return {
    notices: rows.filter(({ kind }) => kind === 'notice').map(({ text, loud }) => ({ text, loud })),
    cards: rows.filter(({ kind }) => kind === 'card').map(({ incident }) => incident),
  }
}

test('a freeze is told to everybody and shown on the cards that wait, wherever it was said', async () => {
  await consolePolicy(sql, chat).freeze(alice)
  expect(await policyNow(sql)).toBe('FROZEN')
  const { notices, cards } = await told()
  expect(notices).toEqual([
    { text: '❄ alice froze everything from the console: nothing runs until an admin says /thaw.', loud: true },
  ])
  expect(cards).toContain(waiting)
  await sql`truncate outbox`
  await consolePolicy(sql, chat).thaw(alice)
  expect((await told()).notices).toEqual([
    { text: '☀ alice ended the freeze from the console: everything is asked for (VERBOSE).', loud: true },
  ])
})

test('from the shell it is left to the agent to tell, by the chat of the same environment', async () => {
  const env = {
    DATABASE_URL: db.url,
    TELEGRAM_BOT_TOKEN: '1234:AbC_d-e',
    TELEGRAM_CHAT_ID: '-1001234567890',
    PEOPLE: 'alice:1001:admin',
  }
  expect(await freezeCommand('freeze', env)).toBe(0)
  const { notices, cards } = await told()
  expect(notices).toMatchObject([
    { text: expect.stringMatching(/^❄ \S+ froze everything from the shell: nothing runs/) },
  ])
  expect(cards).toContain(waiting)
})

test('what is frozen already is frozen in silence', async () => {
  const wish = { actor: 'person:alice', by: 'alice', channel: 'telegram' }
  await inTransaction(sql, (tx) => freeze(tx, chat, wish))
  await sql`truncate outbox`
  expect(await inTransaction(sql, (tx) => freeze(tx, chat, wish))).toEqual({ from: 'FROZEN', to: 'FROZEN' })
  expect(await told()).toEqual({ notices: [], cards: [] })
  expect(await inTransaction(sql, (tx) => thaw(tx, chat, wish))).toEqual({ from: 'FROZEN', to: 'VERBOSE' })
})
