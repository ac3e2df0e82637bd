import { json, type Tx } from '../storage/postgres.ts'
import { type AlertRecord, type Arrival, type IncidentRecord, Ledger } from './settle.ts'

export type BatchOptions = {
  reopenWindowMs: number
  /** After this long the database gives up a statement by itself, and so does it a transaction nobody speaks in. */
  timeoutMs: number
}

export type Settled = {
  /** What became of each arrival, in their order. */
  alerts: AlertRecord[]
  /** Incidents whose set of firing alerts changed, in order. */
  moved: number[]
  contradicted: boolean
}

/** First half of our advisory locks, so that they meet nobody else's. */
const LOCK_CLASS = 8_484_003

/**
 * Writes a batch of arrivals with a fixed number of statements, however many they are. Two replicas with alerts of the same
 * correlation key take turns: the locks are taken in the order of their numbers, so that neither waits for the other in a
 * circle. What those locks do not cover, the unique indexes decide, and the loser tries again.
 */
export async function writeBatch(tx: Tx, arrivals: readonly Arrival[], options: BatchOptions): Promise<Settled> {
  const { now, rows } = await readAlerts(tx, arrivals, options.timeoutMs)
  const ledger = new Ledger({ now, reopenWindowMs: options.reopenWindowMs })
  await learn(tx, ledger, arrivals, rows)
  const alerts = arrivals.map((arrival) => ledger.take(arrival))
  const added = [...ledger.alerts].filter(({ id }) => id === undefined)
  await Promise.all([insertIncidents(tx, ledger.incidents, now), assignIds(tx, added)])
  const moved = ledger.incidents.filter((incident) => incident.moved)
  await Promise.all([...writesOf(tx, ledger, added, now), ...incidentWrites(tx, moved, now)])
  return {
    alerts,
    moved: moved.map(idOf).sort((a, b) => a - b),
    contradicted: alerts.some((alert) => alert.contradicted && alert.changed),
  }
}

type AlertRow = {
  id: number
  source: string
  fingerprint: string
  starts_at: Date
  status: 'firing' | 'resolved'
  ends_at: Date | null
  incident_id: number | null
  contradicted: boolean
  last_seen_at: Date
}

/** Of each alert the row that is meant and the newest of its series. Sent in one go: each statement sees what the locks let through. */
async function readAlerts(tx: Tx, arrivals: readonly Arrival[], timeoutMs: number) {
  const identities = [...new Map(arrivals.map(({ report }) => [identity(report), report])).values()]
  const timeout = String(timeoutMs)
  const [, , clock, rows] = await Promise.all([
    tx`select set_config('statement_timeout', ${timeout}, true),
              set_config('idle_in_transaction_session_timeout', ${timeout}, true)`,
    tx`select pg_advisory_xact_lock(${LOCK_CLASS}, slot) from unnest(${slotsOf(arrivals)}::int[]) as slot`,
    tx<{ now: Date }[]>`select watch_now() as now`,
    tx<AlertRow[]>`
      select distinct on (id) found.*
      from unnest(${identities.map(({ source }) => source)}::text[],
                  ${identities.map(({ fingerprint }) => fingerprint)}::text[],
                  ${identities.map(({ startsAt }) => startsAt.toISOString())}::timestamptz[])
           as asked (source, fingerprint, starts_at)
      cross join lateral (
        (select id, source, fingerprint, starts_at, status, ends_at, incident_id, contradicted, last_seen_at
         from alerts a
         where a.source = asked.source and a.fingerprint = asked.fingerprint and a.starts_at = asked.starts_at)
        union all
        (select id, source, fingerprint, starts_at, status, ends_at, incident_id, contradicted, last_seen_at
         from alerts a
         where a.source = asked.source and a.fingerprint = asked.fingerprint
         order by a.starts_at desc limit 1)
      ) as found`,
  ])
  return { now: clock[0]?.now ?? new Date(), rows }
}

/** Hashes of the correlation keys, few and sorted. Two keys in one slot only wait for one another. */
function slotsOf(arrivals: readonly Arrival[]): number[] {
  const slots = new Set<number>()
  for (const { key } of arrivals) {
    let hash = 0
    for (let at = 0; at < key.length; at++) hash = (Math.imul(hash, 31) + key.charCodeAt(at)) | 0
    slots.add(hash & 0x3ff)
  }
  return [...slots].sort((a, b) => a - b)
}

type IncidentRow = {
  id: number
  correlation_key: string
  severity: IncidentRecord['severity']
  round: number
  closed_at: Date | null
}

/** Incidents are locked in the order of their ids: nobody closes one while an alert joins it. */
async function learn(tx: Tx, ledger: Ledger, arrivals: readonly Arrival[], rows: readonly AlertRow[]): Promise<void> {
  const keys = [...new Set(arrivals.map(({ key }) => key))]
  const owners = [...new Set(rows.flatMap(({ incident_id }) => incident_id ?? []))]
  const found = await tx<IncidentRow[]>`
    select id, correlation_key, severity, round, closed_at from incidents
    where (correlation_key = any(${keys}::text[]) and closed_at is null) or id = any(${owners}::bigint[])
    order by id
    for no key update`
  const incidents = new Map(found.map((row) => [row.id, toIncident(row)]))
  for (const incident of incidents.values()) ledger.knowIncident(incident)
  for (const row of rows) ledger.knowAlert(toAlert(row, row.incident_id ? incidents.get(row.incident_id) : undefined))
}

function toIncident({ id, correlation_key, severity, round, closed_at }: IncidentRow): IncidentRecord {
  return {
    id,
    key: correlation_key,
    severity,
    closedAt: closed_at ?? undefined,
    round,
    first: undefined,
    moved: false,
    reopened: false,
    raised: false,
  }
}

function toAlert(row: AlertRow, incident: IncidentRecord | undefined): AlertRecord {
  return {
    id: row.id,
    report: {
      source: row.source,
      fingerprint: row.fingerprint,
      startsAt: row.starts_at,
      status: row.status,
      endsAt: row.ends_at ?? undefined,
      labels: {},
      annotations: {},
      generatorUrl: '',
      marks: [],
    },
    status: row.status,
    endsAt: row.ends_at ?? undefined,
    contradicted: row.contradicted,
    incident,
    lastSeenAt: row.last_seen_at,
    received: 0,
    states: [],
    changed: false,
  }
}

async function insertIncidents(tx: Tx, incidents: readonly IncidentRecord[], now: Date): Promise<void> {
  const added = incidents.filter(({ id }) => id === undefined)
  if (added.length === 0) return
  const rows = added.flatMap(({ key, severity, first }) =>
    first
      ? [
          {
            key,
            severity,
            alertname: first.subject.alertname,
            cluster: first.subject.cluster,
            namespace: first.subject.namespace,
            workload: first.subject.workload,
            labels: first.report.labels,
            annotations: first.report.annotations,
          },
        ]
      : [],
  )
  const made = await tx<{ id: number; correlation_key: string }[]>`
    insert into incidents
      (correlation_key, severity, alertname, cluster, namespace, workload, labels, annotations, opened_at)
    select key, severity, alertname, cluster, namespace, workload, labels, annotations, ${now}
    from jsonb_to_recordset(${json(tx, rows)}) as row (key text, severity text, alertname text, cluster text,
      namespace text, workload text, labels jsonb, annotations jsonb)
    returning id, correlation_key`
  const ids = new Map(made.map(({ id, correlation_key }) => [correlation_key, id]))
  for (const incident of added) incident.id = ids.get(incident.key)
}

/** Ids ahead of the rows, so that alerts and their states can be sent together. */
async function assignIds(tx: Tx, added: readonly AlertRecord[]): Promise<void> {
  if (added.length === 0) return
  const ids = await tx<{ id: number }[]>`
    select nextval('alerts_id_seq') as id from generate_series(1, ${added.length})`
  for (const [index, alert] of added.entries()) alert.id = ids[index]?.id
}

function* writesOf(tx: Tx, ledger: Ledger, added: readonly AlertRecord[], now: Date) {
  const touched = [...ledger.alerts].filter((alert) => alert.changed || alert.received > 0)
  const isNew = new Set(added)
  const changed = touched.filter((alert) => !isNew.has(alert))
  const states = touched.flatMap(({ id, states }) => states.map((state) => ({ id, ...state })))
  if (added.length > 0) yield insertAlerts(tx, added, now)
  if (changed.length > 0) yield updateAlerts(tx, changed)
  if (states.length > 0)
    yield tx`
      insert into alert_states (alert_id, status, at, received_at, via)
      select id, status, at, ${now}, via
      from jsonb_to_recordset(${json(tx, states)}) as row (id bigint, status text, at timestamptz, via text)`
}

function insertAlerts(tx: Tx, alerts: readonly AlertRecord[], now: Date) {
  const rows = alerts.map(({ id, report, status, endsAt, contradicted, incident, received }) => ({
    id,
    source: report.source,
    fingerprint: report.fingerprint,
    starts_at: report.startsAt,
    status,
    ends_at: endsAt,
    incident_id: incident?.id,
    labels: report.labels,
    annotations: report.annotations,
    url: report.generatorUrl,
    marks: report.marks,
    contradicted,
    received,
    receiver: report.receiver ?? '',
  }))
  return tx`
    insert into alerts (id, source, fingerprint, starts_at, status, ends_at, incident_id, labels, annotations,
      generator_url, marks, contradicted, received, receiver, first_seen_at, last_seen_at)
    overriding system value
    select id, source, fingerprint, starts_at, status, ends_at, incident_id, labels, annotations,
      url, marks, contradicted, received, receiver, ${now}, ${now}
    from jsonb_to_recordset(${json(tx, rows)}) as row (id bigint, source text, fingerprint text, starts_at timestamptz,
      status text, ends_at timestamptz, incident_id bigint, labels jsonb, annotations jsonb, url text, marks text[],
      contradicted boolean, received int, receiver text)`
}

function updateAlerts(tx: Tx, alerts: readonly AlertRecord[]) {
  const rows = alerts.map(({ id, status, endsAt, contradicted, incident, received, lastSeenAt }) => ({
    id,
    status,
    ends_at: endsAt,
    contradicted,
    incident_id: incident?.id,
    received,
    last_seen_at: lastSeenAt,
  }))
  return tx`
    update alerts set status = row.status, ends_at = row.ends_at, contradicted = row.contradicted,
      incident_id = row.incident_id, received = alerts.received + row.received, last_seen_at = row.last_seen_at
    from jsonb_to_recordset(${json(tx, rows)}) as row (id bigint, status text, ends_at timestamptz,
      contradicted boolean, incident_id bigint, received int, last_seen_at timestamptz)
    where alerts.id = row.id`
}

function* incidentWrites(tx: Tx, moved: readonly IncidentRecord[], now: Date) {
  const known = moved.filter(({ first }) => !first)
  if (known.length > 0) yield updateIncidents(tx, known)
  const events = moved.flatMap(eventOf)
  if (events.length > 0)
    yield tx`
      insert into incident_events (incident_id, round, name, actor, from_status, to_status, detail, at)
      select incident_id, round, name, actor, from_status, to_status, detail, ${now}
      from jsonb_to_recordset(${json(tx, events)}) as row (incident_id bigint, round int, name text, actor text,
        from_status text, to_status text, detail jsonb)`
}

function updateIncidents(tx: Tx, incidents: readonly IncidentRecord[]) {
  const rows = incidents.map(({ id, severity, round, reopened }) => ({ id, severity, round, reopened }))
  return tx`
    update incidents set wants = wants + 1, alert_version = alert_version + 1, severity = row.severity,
      round = row.round,
      status = case when row.reopened then 'open' else status end,
      outcome = case when row.reopened then null else outcome end,
      because = case when row.reopened then null else because end,
      menu = case when row.reopened then null else menu end,
      waits_for = case when row.reopened then null else waits_for end,
      snoozed_until = case when row.reopened then null else snoozed_until end,
      closed_at = case when row.reopened then null else closed_at end
    from jsonb_to_recordset(${json(tx, rows)}) as row (id bigint, severity text, round int, reopened boolean)
    where incidents.id = row.id`
}

function eventOf({ id, round, first, reopened }: IncidentRecord): object[] {
  if (first) {
    const { source, fingerprint, receiver = '' } = first.report
    const detail = { alert: fingerprint, receiver, via: first.via }
    return [{ incident_id: id, round, name: 'received', actor: source, to_status: 'open', detail }]
  }
  if (!reopened) return []
  return [
    {
      incident_id: id,
      round,
      name: 'reopened',
      actor: 'alertmanager',
      from_status: 'closed',
      to_status: 'open',
      detail: {},
    },
  ]
}

/** The id of an incident that is stored. */
export function idOf({ id, key }: IncidentRecord): number {
  if (id === undefined) throw new Error(`The incident of ${key} was not stored.`)
  return id
}

function identity({ source, fingerprint, startsAt }: Arrival['report']): string {
  return `${source} ${fingerprint} ${startsAt.getTime()}`
}
