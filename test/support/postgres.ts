import { spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { statfsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { readMigrations } from '../../src/storage/migrate.ts'
import { connect, type Sql } from '../../src/storage/postgres.ts'
import { prepareDatabase } from '../../src/storage/prepare-database.ts'

export type TestDatabase = {
  url: string
  sql: Sql
  /** Closes `sql` and drops the database, whoever else is connected. */
  close(): Promise<void>
}

/** Where the shared server lives, one for each user of the machine: in memory where there is plenty, else on disk. */
export const TEST_SERVER_FOLDER = join(roomyMemory() ?? tmpdir(), `watchkeeper-test-postgres-${userInfo().uid}`)
export const TEST_SERVER_URL_FILE = join(TEST_SERVER_FOLDER, 'url')

/**
 * A database of its own for one test file, with every migration applied: `const db = await testDatabase()` at the top and
 * `afterAll(db.close)`.
 *
 * The server behind it is a real Postgres shared by all test processes. The first to ask starts it; it goes away by
 * itself when nobody has been connected for a while. `empty` gives a database without any tables.
 */
export async function testDatabase({ empty = false, max = 10 } = {}): Promise<TestDatabase> {
  const admin = await connectToServer()
  const name = `test_${randomBytes(6).toString('hex')}`
  const template = empty ? 'template0' : await ensureTemplate(admin)
  await admin.sql.unsafe(`create database ${name} template ${template}`)
  const url = withDatabase(admin.url, name)
  const sql = connect(url, { max, applicationName: 'watchkeeper-test' })
  return {
    url,
    sql,
    async close() {
      await sql.end({ timeout: 1 })
      await admin.sql.unsafe(`drop database if exists ${name} with (force)`)
      await admin.sql.end()
    },
  }
}

type Admin = { url: string; sql: Sql }

const TEMPLATE_LOCK = 8_484_002

/** The migrated template, made once for each state of the migration files. */
async function ensureTemplate({ url, sql }: Admin): Promise<string> {
  const files = await readMigrations(fileURLToPath(new URL('../../src/storage/migrations', import.meta.url)))
  const state = createHash('sha256')
    .update(files.map(({ checksum }) => checksum).join())
    .digest('hex')
  const name = `template_${state.slice(0, 16)}`
  const isThere = async () => (await sql`select 1 from pg_database where datname = ${name}`).length > 0
  if (await isThere()) return name
  await sql`select pg_advisory_lock(${TEMPLATE_LOCK})`
  try {
    if (await isThere()) return name
    const making = `making_${state.slice(0, 16)}`
    await sql.unsafe(`drop database if exists ${making} with (force)`)
    await sql.unsafe(`create database ${making} template template0`)
    await prepareDatabase(withDatabase(url, making))
    // Closed connections leave the server a moment after they leave us.
    await sql`select pg_terminate_backend(pid) from pg_stat_activity where datname = ${making}`
    await sql.unsafe(`alter database ${making} rename to ${name}`)
    return name
  } finally {
    await sql`select pg_advisory_unlock(${TEMPLATE_LOCK})`
  }
}

async function connectToServer(): Promise<Admin> {
  const deadline = performance.now() + 40_000
  let lastStart = Number.NEGATIVE_INFINITY
  while (performance.now() < deadline) {
    const url = await readFile(TEST_SERVER_URL_FILE, 'utf8').catch(() => undefined)
    const sql = url && (await tryConnect(url))
    if (sql) return { url, sql }
    if (performance.now() - lastStart > 5_000) {
      startServer()
      lastStart = performance.now()
    }
    await wait(50)
  }
  throw new Error(`The test Postgres did not start in 40 s; see ${join(TEST_SERVER_FOLDER, 'log')}.`)
}

async function tryConnect(url: string): Promise<Sql | undefined> {
  const sql = connect(url, { max: 1, applicationName: 'watchkeeper-test-admin' })
  try {
    await sql`select 1`
    return sql
  } catch {
    await sql.end({ timeout: 1 })
    return undefined
  }
}

/** When several processes do this at once, the folder's lock lets one of them through and the others end. */
function startServer(): void {
  const host = fileURLToPath(new URL('postgres-host.ts', import.meta.url))
  spawn(process.execPath, [host], { detached: true, stdio: 'ignore' }).unref()
}

function withDatabase(url: string, database: string): string {
  const changed = new URL(url)
  changed.pathname = `/${database}`
  return changed.href
}

function roomyMemory(): string | undefined {
  const folder = '/dev/shm'
  try {
    const { bavail, bsize } = statfsSync(folder)
    return bavail * bsize > 4 * 1_024 ** 3 ? folder : undefined
  } catch {
    return undefined
  }
}
