import { isSoon, SOON_MS } from '../incidents/announce.ts'
import { CARDS_CHANNEL } from '../incidents/wake.ts'
import { isUnavailable } from '../storage/postgres.ts'
import { sumUpNight, sumUpWaiting } from './outbox/backlog.ts'
import { deliverCard } from './outbox/deliver-card.ts'
import { deliverNotice, deliverPing } from './outbox/deliver-line.ts'
import type { OutboxDeps } from './outbox/deps.ts'
import { MessengerError } from './outbox/messenger.ts'
import { quietUntil } from './outbox/quiet.ts'
import { bell, resting } from './outbox/resting.ts'
import { claimNext, giveBack, pickUnits, pruneSent, type Row, recoverClaims, settle, type Unit } from './outbox/rows.ts'

/** Incidents that are spoken of at the same time; never two messages of one. */
const CONCURRENCY = 4
/** A chat that takes no more than this gains nothing from several at a time, and one at a time keeps what is urgent first. */
const SLOW_CHAT = 30
/** Notices come by a nudge; this is for those whose nudge was lost, and for rows that wait for a time. */
const POLL_MS = 1_000
const BACKLOG = 12
/** A message that is refused as it is will not get better; it is tried this often all the same. */
const REFUSALS = 3
/** A short line whose answer was lost is said again once; a card always, for it is what people decide on. */
const UNANSWERED_LINES = 2
const PRUNE_MS = 3_600_000
const LOCKED_MS = 10

/**
 * Sends one channel's outbox until `signal` aborts: at least once, in order for each incident, collapsed to the newest
 * state when behind. Run it on one replica at a time. Resolves when what was under way has ended.
 */
export async function runOutbox(deps: OutboxDeps, signal: AbortSignal): Promise<void> {
  const { sql, channel, gate, log } = deps
  const nudged = bell()
  const busy = new Map<Unit, Promise<void>>()
  let prunedAt = 0
  let summedAt = 0
  const hear = (nudge: string) => {
    nudged.ring()
    // A card that people have already is due a little later.
    if (isSoon(nudge)) setTimeout(nudged.ring, SOON_MS + 10).unref()
  }
  const listening = await sql.listen(CARDS_CHANNEL, hear, nudged.ring)
  try {
    const left = await recoverClaims(sql, channel)
    if (left > 0) log.info({ channel, left }, 'messages were left in the middle by a sender that stopped')
    while (!signal.aborted) {
      try {
        await gate.open(signal)
        if (Date.now() - prunedAt > PRUNE_MS) {
          await pruneSent(sql)
          prunedAt = Date.now()
        }
        // Before anything is picked: what the night held back goes out as one line, not each by itself.
        if (deps.quietHours) await sumUpNight(deps)
        if (Date.now() - summedAt > POLL_MS) {
          await sumUpWaiting(deps, BACKLOG)
          summedAt = Date.now()
        }
        const limit = gate.doubtful || gate.free() < SLOW_CHAT ? 1 : CONCURRENCY
        const free = limit - busy.size
        const units =
          free > 0 ? await pickUnits(sql, { channel, busy: [...busy.keys()], limit: free, backlog: BACKLOG }) : []
        for (const unit of units) start(unit)
        // What is left waits for a time, or for one of these to end, and both ring.
        await nudged.wait(POLL_MS, signal)
      } catch (error) {
        if (signal.aborted) break
        if (!isUnavailable(error)) log.error({ err: error, channel }, 'the outbox stumbled')
        await resting(POLL_MS, signal)
      }
    }
  } finally {
    await Promise.allSettled(busy.values())
    await listening.unlisten().catch(() => {})
  }

  function start(unit: Unit): void {
    const work = deliverUnit(deps, unit, signal)
      .catch((error: unknown) => {
        if (!signal.aborted && !isUnavailable(error)) log.error({ err: error, channel, unit }, 'a message stumbled')
      })
      .finally(() => {
        busy.delete(unit)
        nudged.ring()
      })
    busy.set(unit, work)
  }
}

/** Says the first of what an incident has to say; then it goes back into the queue, for another may be more urgent by now. */
async function deliverUnit(deps: OutboxDeps, unit: Unit, signal: AbortSignal): Promise<void> {
  const { sql, channel, quietHours, timezone } = deps
  const quiet = quietUntil(quietHours, timezone, new Date()) !== null
  const row = await claimNext(sql, { channel, unit, quiet })
  // Its row is being written just now: a moment later it is there.
  if (!row) return await resting(LOCKED_MS, signal)
  try {
    if (row.kind === 'notice' || row.incident === null) await deliverNotice(deps, row, signal)
    else if (row.kind === 'card') await deliverCard(deps, row, row.incident, signal)
    else await deliverPing(deps, row, row.incident, signal)
  } catch (error) {
    await putBack(deps, row, error, signal)
  }
}

async function putBack(
  { sql, channel, log }: OutboxDeps,
  row: Row,
  error: unknown,
  signal: AbortSignal,
): Promise<void> {
  const about = { err: error, channel, subject: row.subject, attempts: row.attempts }
  const because = error instanceof Error ? error.message : String(error)
  if (signal.aborted) return await giveBack(sql, row, { afterMs: 0, error: null })
  if (!(error instanceof MessengerError)) {
    await giveBack(sql, row, { afterMs: Math.min(60_000, 500 * 2 ** Math.min(row.attempts, 10)), error: because })
    throw error
  }
  switch (error.failure) {
    case 'refused':
      if (row.attempts >= REFUSALS) {
        log.error(about, 'a message is refused as it is, and is given up')
        return await settle(sql, row, because)
      }
      log.warn(about, 'a message was refused')
      return await giveBack(sql, row, { afterMs: 1_000 * row.attempts, error: because })
    case 'unknown':
      if (row.kind !== 'card' && row.attempts >= UNANSWERED_LINES) return await settle(sql, row, because)
      log.warn(about, 'the answer to a message was lost')
      return await giveBack(sql, row, { afterMs: 0, error: because })
    case 'closed':
      log.error(about, because)
      return await giveBack(sql, row, { afterMs: 0, error: because })
    default:
      // The gate knows until when nothing may go out; the row itself need not wait.
      log.warn(about, 'a message has to wait')
      return await giveBack(sql, row, { afterMs: 0, error: because })
  }
}
