import { appendFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { startEmbedded } from '../../src/storage/embedded-postgres.ts'
import { connect } from '../../src/storage/postgres.ts'
import { TEST_SERVER_FOLDER, TEST_SERVER_URL_FILE } from './postgres.ts'

/**
 * Runs the Postgres that tests share, as a process of its own, and ends when nobody but itself has been connected for
 * 20 s. Nothing here survives a power cut, so it does not wait for the disk.
 */
const IDLE_MS = 20_000

const server = await startEmbedded({
  dataDir: TEST_SERVER_FOLDER,
  settings: { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '300' },
  log: (text) => void appendFile(join(TEST_SERVER_FOLDER, 'log'), `${text}\n`).catch(() => {}),
})
const sql = connect(server.url, { max: 1, applicationName: 'watchkeeper-test-host' })
if (!server.adopted) await dropLeftovers()
await writeFile(`${TEST_SERVER_URL_FILE}.new`, server.url, { mode: 0o600 })
await rename(`${TEST_SERVER_URL_FILE}.new`, TEST_SERVER_URL_FILE)

for (let idleSince = Date.now(); Date.now() - idleSince < IDLE_MS; ) {
  const [row] = await sql<{ others: number }[]>`
    select count(*) as others from pg_stat_activity
    where backend_type = 'client backend' and pid <> pg_backend_pid()`
  if (row && row.others > 0) idleSince = Date.now()
  await wait(500)
}

await rm(TEST_SERVER_URL_FILE, { force: true })
await sql.end({ timeout: 1 })
await server.stop()

/** Databases of runs that ended without closing theirs. The cluster itself is kept: the next start takes 0.1 s, not 2. */
async function dropLeftovers(): Promise<void> {
  const leftovers = await sql<{ name: string }[]>`
    select datname as name from pg_database where datname ~ '^(test|making|template)_'`
  for (const { name } of leftovers) await sql`drop database if exists ${sql(name)} with (force)`
}
