import type { Press, PressAnswer } from '../domain/press.ts'
import type { SqlOrTx, Tx } from '../storage/postgres.ts'

/** So many refused presses by one actor within the window, and no more are looked at. */
const LOCKOUT_AFTER = 10
const LOCKOUT_MINUTES = 10

/** Answers a press that is turned away, and keeps a record of it. */
export async function refusePress(tx: Tx, press: Press, because: string, text: string): Promise<PressAnswer> {
  await recordRefusal(tx, press.actor, 'press', because)
  return { text, alert: true }
}

export async function recordRefusal(sql: SqlOrTx, actor: string, what: string, because: string): Promise<void> {
  await sql`insert into refusals (actor, what, because) values (${actor}, ${what}, ${because})`
}

/** Whether an actor has guessed at buttons too often lately. */
export async function isLockedOut(sql: SqlOrTx, actor: string): Promise<boolean> {
  const [row] = await sql<{ times: number }[]>`
    select count(*) as times from refusals
    where actor = ${actor} and because = 'unknown button' and at > watch_now() - ${LOCKOUT_MINUTES} * interval '1 minute'`
  return (row?.times ?? 0) >= LOCKOUT_AFTER
}
