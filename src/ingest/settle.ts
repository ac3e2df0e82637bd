import type { AlertReport, AlertStatus, Severity, Subject } from '../domain/alert.ts'
import type { IncomingReport, Via } from './intake.ts'

/** One report with what was read off it, on its way into the tables. */
export interface Arrival {
  report: IncomingReport
  via: Via
  subject: Subject
  /** The correlation key. */
  key: string
}

export interface AlertState {
  status: AlertStatus
  at: Date
  via: Via | 'superseded'
}

/** An alert as stored, and what this batch makes of it. */
export interface AlertRecord {
  /** Undefined until stored. */
  id: number | undefined
  report: AlertReport & { receiver?: string }
  status: AlertStatus
  /** The last end known; a contradicted alert fires in spite of it. */
  endsAt: Date | undefined
  contradicted: boolean
  incident: IncidentRecord | undefined
  /** Nothing before this moment is news. */
  lastSeenAt: Date
  /** Reports of it in this batch. */
  received: number
  /** States it passes through in this batch, in order. */
  states: AlertState[]
  changed: boolean
}

export interface IncidentRecord {
  /** Undefined until stored. */
  id: number | undefined
  key: string
  severity: Severity
  closedAt: Date | undefined
  round: number
  /** Whose labels it carries; only for one that is new. */
  first: Arrival | undefined
  /** Its set of firing alerts changed. */
  moved: boolean
  reopened: boolean
  /** Something more severe joined it. */
  raised: boolean
}

export type Rules = {
  /** The moment of this batch. */
  now: Date
  /** Milliseconds after its end in which an incident opens again when its alert does. */
  reopenWindowMs: number
}

/** What the database knows of the alerts and keys of one batch. Arrivals change it, one after another, as if each came alone. */
export class Ledger {
  readonly #alerts = new Map<string, AlertRecord>()
  readonly #newest = new Map<string, AlertRecord>()
  readonly #open = new Map<string, IncidentRecord>()
  readonly #incidents: IncidentRecord[] = []
  readonly #rules: Rules

  constructor(rules: Rules) {
    this.#rules = rules
  }

  knowIncident(incident: IncidentRecord): void {
    this.#incidents.push(incident)
    if (!incident.closedAt) this.#open.set(incident.key, incident)
  }

  knowAlert(alert: AlertRecord): void {
    const series = seriesOf(alert.report)
    this.#alerts.set(identityOf(alert.report), alert)
    const newest = this.#newest.get(series)
    if (!newest || newest.report.startsAt <= alert.report.startsAt) this.#newest.set(series, alert)
  }

  get now(): Date {
    return this.#rules.now
  }

  get alerts(): Iterable<AlertRecord> {
    return this.#alerts.values()
  }

  /** Those in which something critical began, joined what was less, or came back: people are to hear of it. */
  get alarming(): IncidentRecord[] {
    return this.#incidents.filter(
      ({ severity, first, raised, reopened }) => severity === 'critical' && (first || raised || reopened),
    )
  }

  get incidents(): readonly IncidentRecord[] {
    return this.#incidents
  }

  /** Takes one report in, and says which alert it is about. The newest state wins by its times, not by its arrival. */
  take(arrival: Arrival): AlertRecord {
    const { report } = arrival
    const newest = this.#newest.get(seriesOf(report))
    const known = newest && speaksOf(newest, arrival) ? newest : this.#alerts.get(identityOf(report))
    if (known && report.asOf && known.lastSeenAt > report.asOf) return known
    if (newest && newest !== known && newest.report.startsAt > report.startsAt)
      return this.#late(arrival, known, newest)
    if (!known) return this.#first(arrival, newest)
    if (arrival.via === 'webhook') this.#seen(known)
    if (report.status === 'firing') this.#firesAgain(arrival, known)
    else this.#resolves(arrival, known)
    return known
  }

  /** It started again since: whatever this says of the earlier time, that time is over. */
  #late(arrival: Arrival, known: AlertRecord | undefined, newest: AlertRecord): AlertRecord {
    if (known) {
      if (arrival.via === 'webhook') this.#seen(known)
      return known
    }
    const alert = this.#record(arrival)
    if (arrival.report.status === 'resolved') enter(alert, 'resolved', arrival.report.endsAt, arrival.via)
    else enter(alert, 'resolved', newest.report.startsAt, 'superseded')
    return alert
  }

  #first(arrival: Arrival, earlier: AlertRecord | undefined): AlertRecord {
    const alert = this.#record(arrival)
    const end = earlier && endOf(earlier)
    if (earlier?.status === 'firing') {
      enter(earlier, 'resolved', arrival.report.startsAt, 'superseded')
      move(earlier.incident)
    }
    // Over before we heard of it: kept for the record, and nobody's incident.
    if (arrival.report.status === 'resolved') enter(alert, 'resolved', arrival.report.endsAt, arrival.via)
    else {
      this.#fire(alert, arrival)
      // It began within a time that is over: this may be told late, as when the same start fires after its end.
      if (arrival.via === 'webhook' && end && end > arrival.report.startsAt) {
        alert.contradicted = true
        alert.endsAt = end
      }
    }
    return alert
  }

  #firesAgain(arrival: Arrival, alert: AlertRecord): void {
    if (alert.status === 'resolved') {
      this.#fire(alert, arrival)
      alert.contradicted = arrival.via === 'webhook'
    } else if (alert.contradicted && arrival.via === 'poll') {
      alert.contradicted = false
      alert.changed = true
    }
    const { asOf } = arrival.report
    if (!asOf) return
    // Only a poll says while nothing changes that an alert fires still: a verification that is due asks how late that is known.
    alert.lastSeenAt = asOf
    alert.changed = true
  }

  #resolves({ report, via }: Arrival, alert: AlertRecord): void {
    const endsAt = report.endsAt ?? this.#rules.now
    const old = alert.endsAt !== undefined && endsAt <= alert.endsAt
    if (old && (via === 'webhook' || alert.status === 'resolved')) return
    if (alert.status === 'firing') move(alert.incident)
    enter(alert, 'resolved', old ? alert.endsAt : endsAt, via)
  }

  #fire(alert: AlertRecord, arrival: Arrival): void {
    const endsAt = alert.endsAt
    enter(alert, 'firing', arrival.report.startsAt, arrival.via)
    alert.endsAt = endsAt
    alert.incident = this.#place(alert, arrival)
    move(alert.incident)
  }

  /** Its own incident while that is open; else the open one of its key; else its own, opened again; else a new one. */
  #place({ incident: own }: AlertRecord, arrival: Arrival): IncidentRecord {
    if (own && !own.closedAt) return join(own, arrival.subject.severity)
    const open = this.#open.get(arrival.key)
    if (open) return join(open, arrival.subject.severity)
    if (own?.closedAt && own.key === arrival.key && this.#isRecent(own.closedAt))
      return this.#reopen(own, arrival.subject.severity)
    return this.#begin(arrival)
  }

  #isRecent(closedAt: Date): boolean {
    return this.#rules.now.getTime() - closedAt.getTime() <= this.#rules.reopenWindowMs
  }

  /** All its alerts had ended, so it is as severe as what came back, and only that: the others may yet join it. */
  #reopen(incident: IncidentRecord, severity: Severity): IncidentRecord {
    incident.closedAt = undefined
    incident.severity = severity
    incident.reopened = true
    incident.round++
    this.#open.set(incident.key, incident)
    return incident
  }

  #begin(arrival: Arrival): IncidentRecord {
    const incident: IncidentRecord = {
      id: undefined,
      key: arrival.key,
      severity: arrival.subject.severity,
      closedAt: undefined,
      round: 1,
      first: arrival,
      moved: true,
      reopened: false,
      raised: false,
    }
    this.knowIncident(incident)
    return incident
  }

  #record({ report }: Arrival): AlertRecord {
    const alert: AlertRecord = {
      id: undefined,
      report,
      status: report.status,
      endsAt: undefined,
      contradicted: false,
      incident: undefined,
      lastSeenAt: this.#rules.now,
      received: 1,
      states: [],
      changed: true,
    }
    this.knowAlert(alert)
    return alert
  }

  #seen(alert: AlertRecord): void {
    alert.received++
    alert.lastSeenAt = this.#rules.now
  }
}

/**
 * Whether a report of an earlier start is about the newest alert of its series all the same. Of two Prometheus replicas
 * Alertmanager takes the earlier start, so the start of an alert moves back when the later replica was heard first.
 */
function speaksOf(newest: AlertRecord, { report, via }: Arrival): boolean {
  if (newest.report.startsAt <= report.startsAt) return false
  if (report.status === 'firing') return newest.status === 'firing' || via === 'poll'
  return report.endsAt !== undefined && report.endsAt > newest.report.startsAt
}

/** The end that was told of an alert, whether or not it counts. */
function endOf({ status, contradicted, endsAt }: AlertRecord): Date | undefined {
  return status === 'resolved' || contradicted ? endsAt : undefined
}

const ranks: Record<Severity, number> = { none: 0, info: 1, warning: 2, critical: 3 }

function join(incident: IncidentRecord, severity: Severity): IncidentRecord {
  if (ranks[severity] > ranks[incident.severity]) {
    incident.severity = severity
    incident.raised = true
  }
  return incident
}

/** An incident that is closed has nobody waiting for news. */
function move(incident: IncidentRecord | undefined): void {
  if (incident && !incident.closedAt) incident.moved = true
}

function enter(alert: AlertRecord, status: AlertStatus, at: Date | undefined, via: AlertState['via']): void {
  const time = at ?? alert.report.startsAt
  alert.status = status
  alert.contradicted = false
  alert.changed = true
  if (status === 'resolved') alert.endsAt = time
  alert.states.push({ status, at: time, via })
}

function identityOf(report: AlertReport): string {
  return `${seriesOf(report)} ${report.startsAt.getTime()}`
}

function seriesOf({ source, fingerprint }: AlertReport): string {
  return `${source} ${fingerprint}`
}
