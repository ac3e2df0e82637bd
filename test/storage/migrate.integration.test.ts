import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { OperatorError } from '../../src/domain/errors.ts'
import { migrate } from '../../src/storage/migrate.ts'
import { connect } from '../../src/storage/postgres.ts'
import { prepareDatabase } from '../../src/storage/prepare-database.ts'
import { type TestDatabase, testDatabase } from '../support/postgres.ts'

let db: TestDatabase
let folder: string
const guests: string[] = []

beforeEach(async () => {
  db = await testDatabase({ empty: true })
  folder = await mkdtemp(join(tmpdir(), 'migrations-'))
  await put('001_first.sql', 'create table first (n integer);\ninsert into first values (1);')
  await put('002_second.sql', 'create table second (n integer);')
})
afterEach(async () => {
  await rm(folder, { recursive: true })
  for (const name of guests.splice(0)) {
    await db.sql.unsafe(`drop owned by ${name} cascade`)
    await db.sql.unsafe(`drop role ${name}`)
  }
  await db.close()
})

function put(name: string, text: string) {
  return writeFile(join(folder, name), text)
}

function run() {
  return migrate(db.sql, { folder })
}

async function tables(): Promise<string[]> {
  const rows = await db.sql`select tablename as name from pg_tables where schemaname = 'public' order by 1`
  return rows.map(({ name }) => String(name))
}

test('migrations are applied once, in order, and new ones later', async () => {
  expect(await run()).toEqual(['001_first.sql', '002_second.sql'])
  expect(await run()).toEqual([])
  await put('010_third.sql', 'alter table second add column m integer')
  expect(await run()).toEqual(['010_third.sql'])
  expect(await db.sql`select * from first`).toHaveLength(1)
})

test('an applied migration that was edited is named', async () => {
  await run()
  await put('001_first.sql', 'create table first (n bigint);')
  await expect(run()).rejects.toThrow(/^The migration 001_first\.sql was edited/)
})

test('another kind of line end is no edit', async () => {
  await run()
  await put('001_first.sql', 'create table first (n integer);\r\ninsert into first values (1);')
  expect(await run()).toEqual([])
})

test('one that fails takes all back, and is named with its line', async () => {
  await put('003_broken.sql', 'create table third (n integer);\ncreate tabel fourth (n integer);')
  await expect(run()).rejects.toThrow(/^The migration 003_broken\.sql failed in line 2: syntax error/)
  expect(await tables()).toEqual([])
})

test('a database from a newer program is refused', async () => {
  await run()
  await rm(join(folder, '002_second.sql'))
  await expect(run()).rejects.toThrow(/002_second\.sql, which this Watchkeeper does not know/)
})

test('a number that comes too late, is used twice or is no number is refused', async () => {
  await put('005_five.sql', 'select 1')
  await run()
  await put('004_four.sql', 'select 1')
  await expect(run()).rejects.toThrow(/004_four\.sql comes before/)
  await put('002_again.sql', 'select 1')
  await expect(run()).rejects.toThrow(/002_again\.sql and 002_second\.sql have the same number/)
  await put('7_seven.sql', 'select 1')
  await expect(run()).rejects.toThrow(/7_seven\.sql must be named like/)
})

test('replicas that start together apply everything once', async () => {
  const replicas = Array.from({ length: 4 }, () => connect(db.url, { max: 1 }))
  const applied = await Promise.all(replicas.map((sql) => migrate(sql, { folder })))
  expect(applied.filter((names) => names.length > 0)).toHaveLength(1)
  expect(await db.sql`select * from first`).toHaveLength(1)
  await Promise.all(replicas.map((sql) => sql.end()))
})

test('the tables of the graph and of the queue are made too, by replicas that start together', async () => {
  const applied = await Promise.all([1, 2, 3].map(() => prepareDatabase(db.url, { folder })))
  expect(applied.map((names) => names.length).sort()).toEqual([0, 0, 2])
  const rows = await db.sql`
    select schemaname || '.' || tablename as name from pg_tables where schemaname in ('checkpoints', 'pgboss')`
  const names = rows.map(({ name }) => name)
  expect(names).toContain('checkpoints.checkpoints')
  expect(names).toContain('pgboss.job')
})

/** The address of the database for a user who may log in and nothing else. */
async function asGuest(): Promise<{ url: string; name: string; database: string }> {
  const name = `guest_${randomBytes(4).toString('hex')}`
  await db.sql.unsafe(`create role ${name} login password 'guest'`)
  guests.push(name)
  const url = Object.assign(new URL(db.url), { username: name, password: 'guest' })
  return { url: url.href, name, database: url.pathname.slice(1) }
}

test('a user who may not create is told the grant to give, and it is enough', async () => {
  const { url, name, database } = await asGuest()
  const refused = await prepareDatabase(url).catch((error: unknown) => error)
  expect(refused).toBeInstanceOf(OperatorError)
  const { message } = refused as OperatorError
  expect(message).toMatch(/^The user in DATABASE_URL may not set up the database: permission denied for /)
  const grants = `grant create on database ${database} to ${name}; grant usage, create on schema public to ${name};`
  expect(message).toContain(grants)
  await db.sql.unsafe(grants)
  expect(await prepareDatabase(url)).not.toEqual([])
})

test('tables of another user, and a database that only reads, are told apart', async () => {
  await prepareDatabase(db.url)
  const { url, name, database } = await asGuest()
  await db.sql.unsafe(
    `grant create on database ${database} to ${name}; grant usage, create on schema public to ${name};`,
  )
  await expect(prepareDatabase(url)).rejects.toThrow(/belongs to another user\. .* reassign owned by OTHER to guest_/)
  await db.sql.unsafe(`alter role ${name} set default_transaction_read_only = on`)
  await expect(prepareDatabase(url)).rejects.toThrow(/lets nothing be written: it is a standby/)
})
