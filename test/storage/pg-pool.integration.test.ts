import { afterAll, beforeAll, expect, test } from 'vitest'
import { PreparingClient, preparingPool } from '../../src/storage/pg-pool.ts'
import { type TestDatabase, testDatabase } from '../support/postgres.ts'

let db: TestDatabase
let client: PreparingClient
beforeAll(async () => {
  db = await testDatabase({ empty: true })
  client = new PreparingClient({ connectionString: db.url })
  await client.connect()
})
afterAll(async () => {
  await client.end()
  await db.close()
})

/** What this connection keeps prepared; asked in a way that is not prepared itself. */
async function prepared(): Promise<string[]> {
  const { rows } = await client.query<{ statement: string }>('select statement from pg_prepared_statements')
  return rows.map(({ statement }) => statement)
}

test('a statement is prepared from its third time on, and answers the same', async () => {
  const text = 'select $1::int + 1 as next'
  const answers: number[] = []
  for (const value of [1, 2]) answers.push((await client.query(text, [value])).rows[0].next)
  expect(await prepared()).not.toContain(text)
  for (const value of [3, 4]) answers.push((await client.query(text, [value])).rows[0].next)
  expect(await prepared()).toContain(text)
  expect(answers).toEqual([2, 3, 4, 5])
})

test('a text of several statements runs as it is, however often', async () => {
  const text = 'select 1; select 2'
  for (let times = 0; times < 4; times++) await client.query(text, [])
  expect(await prepared()).not.toContain(text)
})

test('a pool takes it as its client', async () => {
  const pool = preparingPool({ connectionString: db.url, max: 1 })
  const found: string[] = []
  for (let times = 0; times < 4; times++) {
    const { rows } = await pool.query('select count(*) as n from pg_prepared_statements where $1', [true])
    found.push(rows[0].n)
  }
  await pool.end()
  expect(found).toEqual(['0', '0', '1', '1'])
})
