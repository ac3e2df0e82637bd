import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEmbedded } from '../../src/storage/embedded-postgres.ts'
import { connect, type Sql } from '../../src/storage/postgres.ts'
import { prepareDatabase } from '../../src/storage/prepare-database.ts'

export interface Database {
  url: string
  sql: Sql
  drop(): Promise<void>
}

/** The one server of a run, in a folder that goes away with it. Nothing of it must survive, so it waits for no disk. */
export interface DatabaseServer {
  /** Where the run keeps its files. */
  folder: string
  /** A database of its own, migrated. */
  create(): Promise<Database>
  stop(): Promise<void>
}

const TEMPLATE = 'chaos_template'

/** `keep`: the files stay, to look into afterwards. */
export async function startDatabaseServer({ keep = false } = {}): Promise<DatabaseServer> {
  const folder = await mkdtemp(join(tmpdir(), 'watchkeeper-chaos-'))
  await chmod(folder, 0o711)
  const server = await startEmbedded({
    dataDir: join(folder, 'postgres'),
    settings: { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '600' },
  })
  const at = (name: string) => {
    const url = new URL(server.url)
    url.pathname = `/${name}`
    return url.href
  }
  const admin = connect(server.url, { max: 1, applicationName: 'chaos-admin' })
  await admin.unsafe(`create database ${TEMPLATE}`)
  await prepareDatabase(at(TEMPLATE))
  await admin`select pg_terminate_backend(pid) from pg_stat_activity where datname = ${TEMPLATE}`
  // Copies are made one at a time: the template may have no other user.
  let turn: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = turn.then(work)
    turn = mine.catch(() => {})
    return mine
  }
  return {
    folder,
    async create() {
      const name = `chaos_${randomBytes(5).toString('hex')}`
      await inTurn(() => admin.unsafe(`create database ${name} template ${TEMPLATE}`))
      const sql = connect(at(name), { max: 4, applicationName: 'chaos-judge' })
      return {
        url: at(name),
        sql,
        async drop() {
          await sql.end({ timeout: 1 })
          await inTurn(() => admin.unsafe(`drop database if exists ${name} with (force)`))
        },
      }
    },
    async stop() {
      await admin.end({ timeout: 1 })
      await server.stop()
      if (!keep) await rm(folder, { recursive: true, force: true })
    },
  }
}
