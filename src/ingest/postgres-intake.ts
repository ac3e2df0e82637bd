import { UpstreamError } from '../domain/errors.ts'
import { errorCode, inTransaction, isUnavailable, type Sql, type Tx } from '../storage/postgres.ts'
import { alertIds } from './alert-ids.ts'
import { groupCommit } from './group-commit.ts'
import type { IncidentIntake, IncomingReport, Taken, Via } from './intake.ts'
import { plainly } from './plainly.ts'
import { idOf, type Settled, writeBatch } from './postgres-batch.ts'
import type { Arrival } from './settle.ts'
import { correlationKeyOf, DEFAULT_CORRELATION, subjectOf } from './subject.ts'

export type IntakeOptions = {
  /** The cluster of alerts that do not name one. */
  cluster: string
  /** What makes alerts one incident: fields of the subject or labels. */
  correlationLabels?: readonly string[]
  /** Milliseconds after its end in which an incident opens again when the same alert fires again; 30 minutes. */
  reopenWindowMs?: number
  /** Alerts that prove the way here works, and alerts that only steer Alertmanager. Neither is ever an incident. */
  watchdogs?: readonly string[]
  ignored?: readonly string[]
  /** Milliseconds until a caller is told to come back; 1,500. */
  deadlineMs?: number
}

export type IntakeEvents = {
  /**
   * Called once in the same transaction with the incidents whose firing alerts changed, new ones among them, and with those
   * of them that became critical by it.
   */
  moved?(tx: Tx, incidents: readonly number[], alarming: readonly number[]): Promise<void>
  /** After the commit: the way from Prometheus to here works. */
  onWatchdog?(): void
  /** After the commit: an alert fires that was said to have ended, and only a poll can tell which is true. */
  onContradiction?(): void
  /** A report that could not be stored as it came, and what the database said. */
  onPoisoned?(error: unknown): void
}

/** Since the start of this process. */
export type IntakeCounts = {
  reports: number
  watchdogs: number
  ignored: number
  contradictions: number
  poisoned: number
}

export type PostgresIntake = IncidentIntake & { counts(): IntakeCounts }

type Take = { reports: readonly IncomingReport[]; via: Via }
type Sorted = { arrivals: Arrival[]; watchdog: boolean; watchdogs: number; ignored: number }

const MAX_GROUP = 500
const MAX_WAITING = 20_000
const STATEMENT_TIMEOUT_MS = 4_000
const ABANDON_MS = 6_000

/** The intake in Postgres: callers that come together share one transaction, made of a fixed number of statements. */
export function postgresIntake(sql: Sql, options: IntakeOptions, events: IntakeEvents = {}): PostgresIntake {
  const counts: IntakeCounts = { reports: 0, watchdogs: 0, ignored: 0, contradictions: 0, poisoned: 0 }
  const sort = sorter(options)
  const ids = alertIds(sql)
  const batch = {
    reopenWindowMs: options.reopenWindowMs ?? 30 * 60_000,
    timeoutMs: STATEMENT_TIMEOUT_MS,
    nextAlertId: ids.next,
  }

  async function commit(takes: readonly Take[]): Promise<Taken[]> {
    const sorted = takes.map(sort)
    const arrivals = sorted.flatMap((one) => one.arrivals)
    const settled = await retryingOnRace(async () => {
      // For every attempt that inTransaction may make.
      await ids.stock(3 * arrivals.length)
      return inTransaction(sql, async (tx) => {
        if (sorted.some(({ watchdog }) => watchdog)) await beat(tx)
        if (arrivals.length === 0) return undefined
        const result = await writeBatch(tx, arrivals, batch)
        if (result.moved.length > 0) await events.moved?.(tx, result.moved, result.alarming)
        return result
      })
    })
    tell(sorted, settled)
    return answers(sorted, settled)
  }

  function tell(sorted: readonly Sorted[], settled: Settled | undefined): void {
    for (const { arrivals, watchdogs, ignored } of sorted) {
      counts.reports += arrivals.length
      counts.watchdogs += watchdogs
      counts.ignored += ignored
    }
    if (sorted.some(({ watchdog }) => watchdog)) events.onWatchdog?.()
    if (!settled?.contradicted) return
    counts.contradictions++
    events.onContradiction?.()
  }

  /** One sender's reports by themselves; where even that fails, each report alone, the unstorable one stripped to what it needs. */
  async function commitAlone({ reports, via }: Take): Promise<Taken> {
    const takens: Taken[] = []
    for (const report of reports) {
      const [taken] = await commit([{ reports: [report], via }]).catch((error) => {
        if (!isRefusal(error)) throw error
        counts.poisoned++
        events.onPoisoned?.(error)
        return commit([{ reports: [plainly(report)], via }])
      })
      if (taken) takens.push(taken)
    }
    return {
      alerts: takens.reduce((sum, { alerts }) => sum + alerts, 0),
      incidents: [...new Set(takens.flatMap(({ incidents }) => incidents))],
    }
  }

  const enqueue = groupCommit<Take, Taken>({
    commit,
    commitAlone,
    isOutage: (error) => !isRefusal(error),
    weigh: ({ reports }) => reports.length,
    maxGroup: MAX_GROUP,
    maxWaiting: MAX_WAITING,
    deadlineMs: options.deadlineMs ?? 1_500,
    abandonMs: ABANDON_MS,
  })

  return {
    counts: () => ({ ...counts }),
    async take(reports, via) {
      if (reports.length === 0) return { alerts: 0, incidents: [] }
      try {
        const takens = await Promise.all(slices(reports).map((slice) => enqueue({ reports: slice, via })))
        return {
          alerts: takens.reduce((sum, { alerts }) => sum + alerts, 0),
          incidents: [...new Set(takens.flatMap(({ incidents }) => incidents))],
        }
      } catch (error) {
        throw asOutage(error)
      }
    },
  }
}

/** A group of thousands is committed in parts; it is acknowledged when the last is. */
function slices(reports: readonly IncomingReport[]): (readonly IncomingReport[])[] {
  if (reports.length <= MAX_GROUP) return [reports]
  return Array.from({ length: Math.ceil(reports.length / MAX_GROUP) }, (_, index) =>
    reports.slice(index * MAX_GROUP, (index + 1) * MAX_GROUP),
  )
}

function sorter(options: IntakeOptions): (take: Take) => Sorted {
  const watchdogs = new Set(options.watchdogs ?? ['Watchdog'])
  const ignored = new Set(options.ignored ?? ['InfoInhibitor'])
  const correlation = options.correlationLabels ?? DEFAULT_CORRELATION
  return ({ reports, via }) => {
    const sorted: Sorted = { arrivals: [], watchdog: false, watchdogs: 0, ignored: 0 }
    for (const report of reports) {
      const subject = subjectOf(report.labels, options)
      if (watchdogs.has(subject.alertname)) {
        sorted.watchdogs++
        // That a poll sees it says nothing about the way of the webhooks.
        if (report.status === 'firing' && via === 'webhook') sorted.watchdog = true
      } else if (ignored.has(subject.alertname)) sorted.ignored++
      else sorted.arrivals.push({ report, via, subject, key: correlationKeyOf(subject, report.labels, correlation) })
    }
    return sorted
  }
}

async function beat(tx: Tx): Promise<void> {
  await tx`
    insert into heartbeats (name, last_at) values ('watchdog', watch_now())
    on conflict (name) do update set last_at = excluded.last_at`
}

function answers(sorted: readonly Sorted[], settled: Settled | undefined): Taken[] {
  let at = 0
  return sorted.map(({ arrivals }) => {
    const alerts = settled?.alerts.slice(at, at + arrivals.length) ?? []
    at += arrivals.length
    const incidents = alerts.flatMap(({ incident }) => (incident ? [idOf(incident)] : []))
    return { alerts: arrivals.length, incidents: [...new Set(incidents)] }
  })
}

const UNIQUE_VIOLATION = '23505'

/** Two replicas with other ideas of what belongs together met in a unique index: the loser looks again. */
async function retryingOnRace<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (errorCode(error) !== UNIQUE_VIOLATION) throw error
    return work()
  }
}

/** SQLSTATE classes that speak of the values: bad data, broken constraint, too much of something, raised by a trigger. */
function isRefusal(error: unknown): boolean {
  return /^(22|23|54|P0)/.test(errorCode(error) ?? '') && !isUnavailable(error)
}

function asOutage(error: unknown): UpstreamError {
  if (error instanceof UpstreamError) return error
  const message = isUnavailable(error) ? 'The database cannot be reached.' : 'The database did not take the alerts.'
  return new UpstreamError(message, { vendor: 'Postgres', retryable: true, cause: error })
}
