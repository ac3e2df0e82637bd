import { createHash } from 'node:crypto'
import { afterAll, expect, test } from 'vitest'
import { findButton, liveButtons, useButton } from '../../src/approvals/buttons.ts'
import { move, retireButtons } from '../../src/incidents/move.ts'
import { testDatabase } from '../support/postgres.ts'
import { seedIncident } from './seed.ts'

const db = await testDatabase()
const { sql } = db
afterAll(db.close)

const snooze = (minutes: number) => ({ verb: 'snooze' as const, subject: '', label: 'Snooze', params: { minutes } })

async function tokensOf(incident: number): Promise<string[]> {
  const buttons = await liveButtons(sql, incident, [
    snooze(60),
    snooze(480),
    { verb: 'ignore', subject: '', label: 'Ignore' },
  ])
  return buttons.map(({ token }) => token)
}

test('tokens are 128 random bits, fit into callback data, and mean nothing by themselves', async () => {
  const tokens = await tokensOf(await seedIncident(sql))
  expect(new Set(tokens).size).toBe(3)
  for (const token of tokens) expect(token).toMatch(/^[\w-]{22}$/)
})

test('a card drawn on two channels at once has the same buttons', async () => {
  const incident = await seedIncident(sql)
  const drawn = await Promise.all([tokensOf(incident), tokensOf(incident), tokensOf(incident)])
  expect(new Set(drawn.map((tokens) => tokens.join())).size).toBe(1)
})

test('a button is found by what it means, with its parameters', async () => {
  const incident = await seedIncident(sql)
  const [, later = ''] = await tokensOf(incident)
  expect(await findButton(sql, later)).toEqual({
    incident,
    verb: 'snooze',
    subject: '',
    params: { minutes: 480 },
    usedBy: null,
    retired: false,
  })
  expect(await findButton(sql, `${later.slice(0, -1)}_`)).toBeUndefined()
  expect(await findButton(sql, '')).toBeUndefined()
})

test('a button is used once, by whoever is first', async () => {
  const [token = ''] = await tokensOf(await seedIncident(sql))
  const used = await Promise.all(['alice', 'bob', 'anna'].map((name) => useButton(sql, token, name)))
  expect(used.filter(Boolean)).toHaveLength(1)
  expect((await findButton(sql, token))?.usedBy).toMatch(/alice|bob|anna/)
})

test('a used button gets a successor on the next drawing, and a moved incident retires them all', async () => {
  const incident = await seedIncident(sql)
  const [token = '', other = ''] = await tokensOf(incident)
  await useButton(sql, token, 'alice')
  const [next = ''] = await tokensOf(incident)
  expect(next).not.toBe(token)
  await move(sql, { incident, round: 1, name: 'incident left to people', actor: 'agent', to: 'watching' })
  expect((await findButton(sql, other))?.retired).toBe(true)
  expect(await useButton(sql, next, 'bob')).toBe(false)
  await retireButtons(sql, incident)
})

test('looked up by its hash: the time of an answer tells nothing about a guess', async () => {
  const [token = ''] = await tokensOf(await seedIncident(sql))
  const hash = createHash('sha256').update(token).digest()
  const [row] = await sql<{ token_hash: Buffer }[]>`select token_hash from buttons where token = ${token}`
  expect(row?.token_hash.equals(hash)).toBe(true)
})
