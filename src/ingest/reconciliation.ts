import type { AlertmanagerApi, PolledAlert } from './alertmanager-api.ts'
import type { IncidentIntake, IncomingReport } from './intake.ts'
import { receiverMatcher } from './receiver-matcher.ts'

/** An alert that fires as far as we know. */
export interface StandingAlert {
  report: IncomingReport
  contradicted: boolean
  lastSeenAt: Date
  /** A poll has found it at Alertmanager before. */
  listed: boolean
}

/** What the reconciler needs of the database. */
export interface StandingAlerts {
  now(): Promise<Date>
  /** Alertmanager's alerts that fire as far as we know. */
  firing(): Promise<StandingAlert[]>
  /** Keeps on record that Alertmanager holds the firing alerts of these fingerprints. */
  markListed(fingerprints: readonly string[]): Promise<void>
}

export type ReconcilerOptions = {
  api: AlertmanagerApi
  intake: IncidentIntake
  standing: StandingAlerts
  /** The receivers the poll speaks of, as given to the API; alerts of others are left alone. */
  receiver?: string | undefined
  /** Milliseconds between polls; a minute unless told. */
  intervalMs?: number
  /** Told of each poll that failed. */
  onFailure?(error: unknown): void
}

export interface PollResult {
  /** Alerts that fire, as Alertmanager says. */
  active: number
  /** Ended because they were absent. */
  ended: number
}

/** For /metrics. */
export interface ReconcilerState {
  polls: number
  failures: number
  /** In a row; 0 while all is well. */
  failing: number
  lastSuccessAt: Date | undefined
  active: number
  ended: number
}

export interface Reconciler {
  /** Asks once, now. Throws UpstreamError when Alertmanager or the database is away. Calls at the same time share one poll. */
  pollOnce(signal?: AbortSignal): Promise<PollResult>
  /** Polls now and then each interval until the signal aborts; failures are told and waited out, never thrown. */
  start(signal: AbortSignal): Promise<void>
  /** Asks for a poll at once: something did not reach us, or two states contradict one another. */
  wake(): void
  state(): ReconcilerState
}

/** Wishes that come together are one poll, and a storm of them is no storm of polls. */
const BREATH_MS = 1_000
/**
 * So long every poll must have found an alert absent before it is over. Alertmanager keeps no alerts through a restart, and
 * Prometheus sends those that fire again each minute or two.
 */
const ABSENT_MS = 5 * 60_000

/**
 * Asks Alertmanager what it holds to be firing and brings our alerts into line: what webhooks failed to bring is taken in,
 * what is over is ended. An alert that was merely silenced or inhibited is neither brought back nor taken for over, nor is
 * one that this Alertmanager never had: it is another one's.
 */
export function reconciler(options: ReconcilerOptions): Reconciler {
  const state: ReconcilerState = { polls: 0, failures: 0, failing: 0, lastSuccessAt: undefined, active: 0, ended: 0 }
  /** Since when each alert is absent, by fingerprint; nothing once a poll has failed, for nobody knows what it missed. */
  let missing = new Map<string, Date>()
  let polling: Promise<PollResult> | undefined
  let wake = () => {}
  let wished = false

  async function poll(signal?: AbortSignal): Promise<PollResult> {
    const asOf = await options.standing.now()
    const active = await options.api.active(signal)
    const ours = active.filter((alert) => alert.state === 'active')
    await options.intake.take(
      ours.map((alert) => reportOf(alert, asOf, options.receiver)),
      'poll',
    )
    const ended = await endAbsent(asOf, active, signal)
    state.lastSuccessAt = asOf
    state.active = ours.length
    state.ended += ended
    return { active: ours.length, ended }
  }

  /** The start is left out of the comparison: Alertmanager holds one alert of a fingerprint, whose start may move. */
  async function endAbsent(asOf: Date, active: readonly PolledAlert[], signal: AbortSignal | undefined) {
    const isOurs = receiverMatcher(options.receiver)
    const present = new Set(active.map(fingerprintOf))
    const isAbsent = (alert: StandingAlert) => !present.has(fingerprintOf(alert))
    const standing = await options.standing.firing()
    const missed = standing.filter(
      (alert) => alert.lastSeenAt <= asOf && isOurs(alert.report.receiver ?? '') && isAbsent(alert),
    )
    // Silencing an alert does not end it.
    if (missed.length > 0) for (const muted of await options.api.firing(signal)) present.add(fingerprintOf(muted))
    const found = standing.filter((alert) => !alert.listed && !isAbsent(alert))
    if (found.length > 0) await options.standing.markListed(found.map(fingerprintOf))
    const absent = missed.filter(isAbsent)
    missing = new Map(absent.map((alert) => [fingerprintOf(alert), sinceWhen(alert) ?? asOf]))
    const over = absent.filter((alert) => alert.contradicted || (alert.listed && isOver(alert, asOf)))
    await options.intake.take(
      over.map((alert) => ending(alert, sinceWhen(alert) ?? asOf, asOf)),
      'poll',
    )
    return over.length
  }

  /** A webhook may have told of it in between. */
  function sinceWhen(alert: StandingAlert): Date | undefined {
    const since = missing.get(fingerprintOf(alert))
    return since && alert.lastSeenAt > since ? alert.lastSeenAt : since
  }

  function isOver(alert: StandingAlert, asOf: Date): boolean {
    const since = sinceWhen(alert) ?? asOf
    return asOf.getTime() - since.getTime() >= ABSENT_MS
  }

  function pollOnce(signal?: AbortSignal): Promise<PollResult> {
    polling ??= poll(signal)
      .then(
        (result) => {
          state.failing = 0
          return result
        },
        (error) => {
          missing.clear()
          state.failures++
          state.failing++
          throw error
        },
      )
      .finally(() => {
        state.polls++
        polling = undefined
      })
    return polling
  }

  async function start(signal: AbortSignal): Promise<void> {
    const interval = options.intervalMs ?? 60_000
    // Another replica may have polled since this one last did.
    missing.clear()
    while (!signal.aborted) {
      wished = false
      await pollOnce(signal).catch((error) => {
        if (!signal.aborted) options.onFailure?.(error)
      })
      const pause = state.failing === 0 ? interval : backoff(state.failing, interval)
      await rest(Math.min(BREATH_MS, pause), signal)
      if (!wished) await rest(pause - BREATH_MS, signal, true)
    }
  }

  /** Resolves after the time, when the signal aborts, or, where asked so, when somebody wakes us. */
  function rest(ms: number, signal: AbortSignal, wakeable = false): Promise<void> {
    if (ms <= 0 || signal.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer)
        signal.removeEventListener('abort', end)
        wake = () => {}
        resolve()
      }
      const timer = setTimeout(end, ms)
      signal.addEventListener('abort', end)
      if (wakeable) wake = end
    })
  }

  return {
    pollOnce,
    start,
    wake() {
      wished = true
      wake()
    },
    state: () => ({ ...state }),
  }
}

/** 2, 4, 8 … seconds, so that a restart is caught up with quickly; never longer than the interval. */
function backoff(failures: number, interval: number): number {
  return Math.min(1_000 * 2 ** Math.min(failures, 16), interval)
}

function reportOf({ report, receivers }: PolledAlert, asOf: Date, ours: string | undefined): IncomingReport {
  const receiver = receivers.find(receiverMatcher(ours)) ?? receivers[0] ?? ''
  return { ...report, receiver, asOf }
}

/** It ended before the first poll that missed it; the polls after that only made sure. */
function ending({ report, contradicted }: StandingAlert, since: Date, asOf: Date): IncomingReport {
  return { ...report, status: 'resolved', endsAt: contradicted ? (report.endsAt ?? since) : since, asOf }
}

function fingerprintOf({ report }: { report: IncomingReport }): string {
  return report.fingerprint
}
