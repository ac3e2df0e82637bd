import type { AlertReport } from '../domain/alert.ts'

/** Pushed to us, or found by asking. What was asked for is the truth where the two differ. */
export type Via = 'webhook' | 'poll'

export interface IncomingReport extends AlertReport {
  /** Alertmanager's name for the route's end it came by. */
  receiver?: string
  /** The moment of which a poll speaks, by the database's clock: anything learned of the alert since then counts more. */
  asOf?: Date
}

export interface Taken {
  /** How many reports are stored; those that are nobody's incident (Watchdog, InfoInhibitor) are not counted. */
  alerts: number
  /** The incidents these alerts belong to, whether or not the reports were news to them. */
  incidents: number[]
}

/** What arrives becomes an incident. */
export interface IncidentIntake {
  /**
   * Resolves once the reports are committed, and not before. Taking the same reports again does no harm.
   *
   * Throws UpstreamError (retryable) when the database is away, slow or overloaded: nothing is promised then, and the
   * sender must try again.
   */
  take(reports: readonly IncomingReport[], via: Via): Promise<Taken>
}
