import { isSoon, REFUSALS, SOON_MS } from '../incidents/announce.ts'
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
/**
 * A short line whose answer was lost is said again once; a card always, for it is what people decide on. Each of the two is sent
 * while the messenger answers, the second after a sign of life: an outage is waited out, and counts nothing. Where sending alone
 * answers 502 and all else works, a line may never arrive and yet be settled, for nothing tells that from one that arrived twice.
 */
const UNANSWERED_LINES = 2
/** Longest rest of one message while Telegram fails: not much more than the whole chat rests then. */
const FAILING_MS = 15_000
const LONGEST_REST_MS = 600_000
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
    if (isSoon(nudge)) setTimeout(nudged.ring, SOON_MS + 10).unref()
    else nudged.ring()
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
  if (signal.aborted) {
    const lost = error instanceof MessengerError && error.failure === 'unknown'
    return await giveBack(sql, row, { afterMs: 0, error: null, ...(lost && { counts: 'unanswered' }) })
  }
  if (!(error instanceof MessengerError)) {
    await giveBack(sql, row, { afterMs: doubling(500, row.attempts, 60_000), error: because })
    throw error
  }
  switch (error.failure) {
    case 'refused': {
      const refusals = row.refusals + 1
      if (refusals >= REFUSALS && row.kind !== 'card') {
        log.error(about, 'a message is refused as it is, and is given up')
        return await settle(sql, row, because)
      }
      if (refusals < REFUSALS) log.warn(about, 'a message was refused')
      else log.error(about, 'a card is refused as it is, and a plain line stands for it')
      // The plain line is tried at once; where that is refused too, rarely.
      const afterMs = refusals === REFUSALS ? 0 : doubling(500, refusals, LONGEST_REST_MS)
      return await giveBack(sql, row, { afterMs, error: because, counts: 'refusals' })
    }
    case 'unknown':
      if (row.kind !== 'card' && row.unanswered + 1 >= UNANSWERED_LINES) {
        log.error(about, 'the answer to a line was lost again, and it is not said a third time')
        return await settle(sql, row, because)
      }
      log.warn(about, 'the answer to a message was lost')
      return await giveBack(sql, row, {
        afterMs: doubling(125, row.attempts, FAILING_MS),
        error: because,
        counts: 'unanswered',
      })
    case 'failed':
      // Others go on meanwhile: it may be this message alone that Telegram fails at.
      log.warn(about, 'a message failed')
      return await giveBack(sql, row, { afterMs: doubling(125, row.attempts, FAILING_MS), error: because })
    case 'thread_gone':
      log.warn(about, because)
      // At once in the topic that is made in its place. Topics that do not stay are given up elsewhere, for the chat itself. Claims
      // of an outage before are among the attempts, so they must not make this wait for long.
      return await giveBack(sql, row, {
        afterMs: row.attempts === 1 ? 0 : doubling(500, row.attempts, FAILING_MS),
        error: because,
      })
    case 'closed':
      log.error(about, because)
      return await giveBack(sql, row, { afterMs: 0, error: because })
    default:
      // The gate knows until when nothing may go out; the row itself need not wait.
      log.warn(about, 'a message has to wait')
      return await giveBack(sql, row, { afterMs: 0, error: because })
  }
}

function doubling(firstMs: number, times: number, mostMs: number): number {
  return Math.min(mostMs, firstMs * 2 ** Math.min(times, 20))
}
