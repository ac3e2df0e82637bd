import { afterAll, beforeAll, expect, test } from 'vitest'
import { OperatorError } from '../../src/domain/errors.ts'
import { checkDatabase, connect, inTransaction, isUnavailable, json } from '../../src/storage/postgres.ts'
import { type TestDatabase, testDatabase } from '../support/postgres.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase({ empty: true })
})
afterAll(() => db.close())

test('rows arrive as plain JavaScript', async () => {
  const [row] = await db.sql`
    select 9007199254740991::bigint as exact, 9007199254740993::bigint as beyond, ${json(db.sql, { a: [1, 'ü'] })}::jsonb as value,
      '2026-11-21T10:00:00.123Z'::timestamptz as at, null::text as nothing`
  expect(row).toEqual({
    exact: Number.MAX_SAFE_INTEGER,
    beyond: 9_007_199_254_740_993n,
    value: { a: [1, 'ü'] },
    at: new Date('2026-11-21T10:00:00.123Z'),
    nothing: null,
  })
})

test('a bigint goes in as number or as BigInt', async () => {
  await db.sql`create table counts (n bigint)`
  await db.sql`insert into counts ${db.sql([{ n: 3 }, { n: 9_007_199_254_740_993n }])}`
  expect((await db.sql`select n from counts order by n`).map(({ n }) => n)).toEqual([3, 9_007_199_254_740_993n])
})

test('an error inside a transaction takes everything back', async () => {
  await db.sql`create table things (name text)`
  const failing = inTransaction(db.sql, async (tx) => {
    await tx`insert into things values ('first')`
    throw new Error('changed my mind')
  })
  await expect(failing).rejects.toThrow('changed my mind')
  expect(await db.sql`select * from things`).toHaveLength(0)
})

test('two transactions in each other’s way both get through', async () => {
  await db.sql`create table rivals (id integer primary key, n integer not null)`
  await db.sql`insert into rivals values (1, 0), (2, 0)`
  const meeting = Promise.withResolvers<void>()
  let arrived = 0
  const raise = (first: number, second: number) =>
    inTransaction(db.sql, async (tx) => {
      await tx`update rivals set n = n + 1 where id = ${first}`
      if (++arrived === 2) meeting.resolve()
      await meeting.promise
      await tx`update rivals set n = n + 1 where id = ${second}`
    })
  await Promise.all([raise(1, 2), raise(2, 1)])
  expect((await db.sql`select n from rivals`).map(({ n }) => n)).toEqual([2, 2])
})

test.each([
  ['the wrong password', { password: 'hunter2' }, /refused the user or the password/],
  ['no such database', { pathname: '/nowhere' }, /does not exist/],
  ['nobody listening', { port: '1' }, /cannot be reached/],
])('%s becomes a sentence without the password in it', async (_, spoiled, sentence) => {
  const { password } = new URL(db.url)
  const url = Object.assign(new URL(db.url), spoiled)
  const sql = connect(url.href, { max: 1 })
  const error = await checkDatabase(sql).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(OperatorError)
  expect(String(error)).toMatch(sentence)
  expect(String(error)).not.toContain(password)
  expect(String(error)).not.toContain('hunter2')
  await sql.end()
})

test('a lost database is told apart from a bad statement', async () => {
  const sql = connect('postgres://nobody@127.0.0.1:1/none', { max: 1 })
  expect(isUnavailable(await sql`select 1`.catch((error: unknown) => error))).toBe(true)
  expect(isUnavailable(await db.sql`select nonsense`.catch((error: unknown) => error))).toBe(false)
  await sql.end()
})
