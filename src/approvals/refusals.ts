import type { Press, PressAnswer } from '../domain/press.ts'
import type { Announcer } from '../incidents/announce.ts'
import type { SqlOrTx, Tx } from '../storage/postgres.ts'

/** What is counted as a guess. */
export const UNKNOWN_BUTTON = 'unknown button'
const LOCKED_OUT = 'too many unknown buttons'
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
    where actor = ${actor} and because = ${UNKNOWN_BUTTON} and at > watch_now() - ${LOCKOUT_MINUTES} * interval '1 minute'`
  return (row?.times ?? 0) >= LOCKOUT_AFTER
}

/**
 * Tells everybody that an actor is not listened to, once in the time that it lasts. That it was told is one more refusal of the
 * actor: those are found by an index, at each press of whoever goes on guessing.
 */
export async function tellLockout(tx: Tx, announcer: Announcer, actor: string, who: string): Promise<void> {
  const [said] = await tx`
    select from refusals
    where actor = ${actor} and because = ${LOCKED_OUT} and at > watch_now() - ${LOCKOUT_MINUTES} * interval '1 minute'`
  if (said) return
  await recordRefusal(tx, actor, 'press', LOCKED_OUT)
  const text = `⚠ ${who} (${actor}) pressed too many unknown buttons and is not listened to for ten minutes.`
  await announcer.notice(tx, { subject: `lockout:${actor}`, topic: 'critical', text, loud: true })
}
