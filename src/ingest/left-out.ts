import { inTransaction, type Sql, type Tx } from '../storage/postgres.ts'
import { wishPoll } from './poll-wishes.ts'

/** Why alerts of a webhook did not reach us: Alertmanager cut its group short, or it was too large to take. */
export type Incomplete = 'truncated' | 'too_large'

export interface LeftOutDeps {
  sql: Sql
  /** Whether some replica polls Alertmanager; else nothing finds what was left out. */
  polled: boolean
  /** Counts it for /metrics. */
  count(reason: Incomplete): void
  /** A line of its own for people; the same subject unsent is replaced. */
  notice(tx: Tx, notice: { subject: string; topic: string; text: string }): Promise<void>
  /** Milliseconds since any moment; the wall clock's unless told. */
  now?: () => number
  log: { warn(about: object, message: string): void }
}

const SUBJECT = 'webhook:left-out'
const QUIET_MS = 60 * 60_000

/**
 * Sees to alerts that a webhook did not bring: with a poller they are asked for at once, else people are told what to set,
 * once an hour at most. Each time is counted and logged. Never rejects. `left`: how many alerts, where that is known.
 *
 * In a storm every webhook may be cut. So the database is asked by one of them at a time, and by none while it is known here
 * that people were told: what sent rows it keeps are found by a scan, and the intake wants its connections.
 */
export function leftOut({ sql, polled, count, notice, log, now = Date.now }: LeftOutDeps) {
  let telling = false
  let quietUntil = Number.NEGATIVE_INFINITY

  return async (reason: Incomplete, left?: number): Promise<void> => {
    count(reason)
    const about = { reason, ...(left !== undefined && { left }) }
    try {
      log.warn(about, polled ? 'alerts were left out, and are asked for' : 'alerts were left out; set ALERTMANAGER_URL')
      if (polled) await wishPoll(sql)
      else await tellPeople()
    } catch (error) {
      log.warn({ err: error, ...about }, 'alerts were left out, and it could not be told')
    }

    async function tellPeople(): Promise<void> {
      if (telling || now() < quietUntil) return
      telling = true
      try {
        const quietMs = await inTransaction(sql, async (tx) => {
          const [said] = await tx<{ age_ms: number }[]>`
            select extract(epoch from watch_now() - max(created_at))::float8 * 1000 as age_ms from outbox
            where subject = ${SUBJECT} and sent_at is not null and created_at > watch_now() - ${QUIET_MS} * interval '1 millisecond'
            having count(*) > 0`
          if (said) return QUIET_MS - said.age_ms
          await notice(tx, { subject: SUBJECT, topic: 'critical', text: words(reason, left) })
          return QUIET_MS
        })
        quietUntil = now() + quietMs
      } finally {
        telling = false
      }
    }
  }
}

function words(reason: Incomplete, left: number | undefined): string {
  if (reason === 'too_large')
    return '⚠ Alerts were left out: a webhook was too large to be taken, and Alertmanager is not asked for what it held. Set ALERTMANAGER_URL here, or group by more labels in Alertmanager.'
  const alerts = left === 1 ? '1 alert was' : `${left} alerts were`
  return `⚠ Alerts were left out: ${alerts} cut from a webhook by its max_alerts, and Alertmanager is not asked for them. Set ALERTMANAGER_URL here, or raise max_alerts in Alertmanager.`
}
