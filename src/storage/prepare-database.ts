import { explainRefused } from './explain-refused.ts'
import { openCheckpointer } from './langgraph-checkpoint.ts'
import { type MigrateOptions, migrate } from './migrate.ts'
import { checkDatabase, connect } from './postgres.ts'
import { installQueue } from './queue.ts'

/**
 * Makes the database at `url` ready: our tables, the graph's and the queue's. Safe for replicas that start together; when
 * all is up to date it takes some tens of milliseconds. Returns the names of the migrations applied now. Throws an OperatorError
 * with the grant to give where the user may not do that.
 */
export async function prepareDatabase(url: string, options: Pick<MigrateOptions, 'folder'> = {}): Promise<string[]> {
  const sql = connect(url, { max: 1, applicationName: 'watchkeeper-migrate' })
  try {
    await checkDatabase(sql)
    return await migrate(sql, { ...options, alongside: [() => setUpCheckpoints(url), () => installQueue(url)] })
  } catch (error) {
    throw (await explainRefused(sql, error)) ?? error
  } finally {
    await sql.end({ timeout: 5 })
  }
}

async function setUpCheckpoints(url: string): Promise<void> {
  const checkpointer = openCheckpointer(url, { max: 1 })
  try {
    await checkpointer.setup()
  } finally {
    await checkpointer.close()
  }
}
