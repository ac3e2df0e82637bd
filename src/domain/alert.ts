export type AlertStatus = 'firing' | 'resolved'
export type Severity = 'critical' | 'warning' | 'info' | 'none'
export type Labels = Readonly<Record<string, string>>

/** One state of one alert, as it came in and made safe to store. */
export interface AlertReport {
  /** Which system says so: `alertmanager`, or the name of another hook. */
  source: string
  fingerprint: string
  /** Cut to milliseconds: Alertmanager's API shows no more, its webhook does. */
  startsAt: Date
  status: AlertStatus
  /** When it resolved; undefined while it fires. */
  endsAt: Date | undefined
  labels: Labels
  annotations: Labels
  generatorUrl: string
  /** Why its text is not exactly what was sent, in words for the card. */
  marks: readonly string[]
}

/** What an alert is about, read off its labels. */
export interface Subject {
  alertname: string
  cluster: string
  namespace: string | undefined
  workload: string | undefined
  severity: Severity
}
