import { join } from 'node:path'
import type { Config } from '../config.ts'
import { findEmbedded, startEmbedded } from '../storage/embedded-postgres.ts'
import { connect, type Sql } from '../storage/postgres.ts'
import { prepareDatabase } from '../storage/prepare-database.ts'

/** Opens the installation's database for one command: its own, or the embedded one, beside the agent where that runs. */
export async function withDatabase<T>(config: Config, work: (sql: Sql) => Promise<T>): Promise<T> {
  const folder = join(config.dataDir, 'postgres')
  const running = config.databaseUrl ?? (await findEmbedded(folder))
  const embedded = running === undefined ? await startEmbedded({ dataDir: folder }) : undefined
  const url = running ?? embedded?.url ?? ''
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
