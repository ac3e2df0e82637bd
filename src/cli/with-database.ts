import { join } from 'node:path'
import type { Config } from '../config.ts'
import { startEmbedded } from '../storage/embedded-postgres.ts'
import { connect, type Sql } from '../storage/postgres.ts'
import { prepareDatabase } from '../storage/prepare-database.ts'

/** Opens the installation's database for one command: its own, or the embedded one while no agent runs on it. */
export async function withDatabase<T>(config: Config, work: (sql: Sql) => Promise<T>): Promise<T> {
  const embedded =
    config.databaseUrl === undefined ? await startEmbedded({ dataDir: join(config.dataDir, 'postgres') }) : undefined
  const url = config.databaseUrl ?? embedded?.url ?? ''
  try {
    await prepareDatabase(url)
    const sql = connect(url, { max: 2, applicationName: 'watchkeeper-cli' })
    try {
      return await work(sql)
    } finally {
      await sql.end({ timeout: 5 })
    }
  } finally {
    await embedded?.stop()
  }
}
