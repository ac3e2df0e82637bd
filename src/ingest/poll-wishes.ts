import type { Sql, SqlOrTx } from '../storage/postgres.ts'

/** Postgres channel on which the replica that polls Alertmanager hears that it should do so at once. */
const POLLS_CHANNEL = 'watchkeeper_polls'

/** Asks for a poll, whichever replica it is that polls. A wish that is lost is made up for by the next poll. */
export async function wishPoll(sql: SqlOrTx): Promise<void> {
  await sql`select pg_notify(${POLLS_CHANNEL}, '')`
}

/** Calls `wake` for each wish of any replica, and when the connection came back, for there may have been one meanwhile. */
export async function hearPollWishes(sql: Sql, wake: () => void): Promise<{ close(): Promise<void> }> {
  const listening = await sql.listen(POLLS_CHANNEL, wake, wake)
  return { close: () => listening.unlisten() }
}
