import { json, type Tx } from '../storage/postgres.ts'
import { rowsOf } from './batch-rows.ts'
import { type AlertRecord, type Arrival, type IncidentRecord, Ledger } from './settle.ts'

export type BatchOptions = {
  reopenWindowMs: number
  /** After this long the database gives up a statement by itself, and so does it a transaction nobody speaks in. */
  timeoutMs: number
  /** An id for a new alert. */
  nextAlertId(): number
}

export type Settled = {
  /** What became of each arrival, in their order. */
  alerts: AlertRecord[]
  /** Incidents whose set of firing alerts changed, in order. */
  moved: number[]
  /** Those among them that became critical: new, raised to it, or opened again. */
  alarming: number[]
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
  const ledger = await readLedger(tx, arrivals, options)
  const alerts = arrivals.map((arrival) => ledger.take(arrival))
  const added = new Set(alerts.filter(({ id }) => id === undefined))
  for (const alert of added) alert.id = options.nextAlertId()
  await writeLedger(tx, ledger, added)
  const moved = ledger.incidents.filter((incident) => incident.moved)
  return {
    alerts,
    moved: moved.map(idOf).sort((a, b) => a - b),
    alarming: ledger.alarming.map(idOf).sort((a, b) => a - b),
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

type IncidentRow = {
  id: number
  correlation_key: string
  severity: IncidentRecord['severity']
  round: number
  closed_at: Date | null
}

/**
 * Of each alert the row that is meant and the newest of its series; of each key its open incident, locked in the order of
 * ids, so that nobody closes one while an alert joins it. The statements go out together, and each sees what the locks let
 * through.
 */
async function readLedger(tx: Tx, arrivals: readonly Arrival[], options: BatchOptions): Promise<Ledger> {
  const keys = [...new Set(arrivals.map(({ key }) => key))]
  const [locks, rows, open] = await Promise.all([
    takeLocks(tx, keys, options.timeoutMs),
    readAlerts(tx, arrivals),
    tx<IncidentRow[]>`
      select id, correlation_key, severity, round, closed_at from incidents
      where correlation_key = any(${keys}::text[]) and closed_at is null
      order by id
      for no key update`,
  ])
  const ledger = new Ledger({ now: locks.at(-1)?.now ?? new Date(), reopenWindowMs: options.reopenWindowMs })
  const incidents = new Map(open.map((row) => [row.id, toIncident(row)]))
  for (const row of await readOwners(tx, rows, incidents)) incidents.set(row.id, toIncident(row))
  for (const incident of incidents.values()) ledger.knowIncident(incident)
  for (const row of rows) ledger.knowAlert(toAlert(row, row.incident_id ? incidents.get(row.incident_id) : undefined))
  return ledger
}

/**
 * Answers a row for each lock, with the time at which it was had: that of the last is the batch's.
 *
 * Plans are kept, and made while the tables are still small, so a scan of a whole table or a join that needs one is ruled
 * out here: every row this transaction wants is found by an index.
 */
function takeLocks(tx: Tx, keys: readonly string[], timeoutMs: number) {
  const timeout = String(timeoutMs)
  return tx<{ now: Date }[]>`
    select (select set_config('statement_timeout', ${timeout}, true)
                || set_config('idle_in_transaction_session_timeout', ${timeout}, true)
                || set_config('enable_seqscan', 'off', true)
                || set_config('enable_hashjoin', 'off', true)
                || set_config('enable_mergejoin', 'off', true)),
      pg_advisory_xact_lock(${LOCK_CLASS}, slot), watch_now() as now
    from unnest(${slotsOf(keys)}::int[]) as slot`
}

function readAlerts(tx: Tx, arrivals: readonly Arrival[]) {
  const asked = [...new Map(arrivals.map(({ report }) => [identity(report), report])).values()]
  return tx<AlertRow[]>`
    select distinct on (id) found.*
    from unnest(${asked.map(({ source }) => source)}::text[],
                ${asked.map(({ fingerprint }) => fingerprint)}::text[],
                ${asked.map(({ startsAt }) => startsAt.toISOString())}::timestamptz[])
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
    ) as found`
}

/** Incidents of alerts we know that are not the open one of their key: mostly closed ones, which may open again. */
async function readOwners(tx: Tx, rows: readonly AlertRow[], known: ReadonlyMap<number, unknown>) {
  const owners = rows.flatMap(({ incident_id }) => (incident_id && !known.has(incident_id) ? [incident_id] : []))
  if (owners.length === 0) return []
  return tx<IncidentRow[]>`
    select id, correlation_key, severity, round, closed_at from incidents
    where id = any(${[...new Set(owners)]}::bigint[])
    order by id
    for no key update`
}

/** Hashes of the correlation keys, few and sorted. Two keys in one slot only wait for one another. */
function slotsOf(keys: readonly string[]): number[] {
  const slots = new Set<number>()
  for (const key of keys) {
    let hash = 0
    for (let at = 0; at < key.length; at++) hash = (Math.imul(hash, 31) + key.charCodeAt(at)) | 0
    slots.add(hash & 0x3ff)
  }
  return [...slots].sort((a, b) => a - b)
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

/**
 * All that changed, in one statement. Rows find an incident that is made in the same statement by its key. Nothing is
 * written twice in here, so that it does not matter that its parts do not see one another.
 */
async function writeLedger(tx: Tx, ledger: Ledger, isNew: ReadonlySet<AlertRecord>): Promise<void> {
  const now = ledger.now
  const { incidents, known, added, changed, states, events } = rowsOf(ledger, isNew)
  if (added.length + changed.length === 0) return
  const made = await tx<{ id: number; correlation_key: string }[]>`
    with made as (
      insert into incidents
        (correlation_key, severity, alertname, cluster, namespace, workload, labels, annotations, opened_at)
      select key, severity, alertname, cluster, namespace, workload, labels, annotations, ${now}
      from jsonb_to_recordset(${json(tx, incidents)}) as row (key text, severity text, alertname text, cluster text,
        namespace text, workload text, labels jsonb, annotations jsonb)
      returning id, correlation_key
    ), added as (
      insert into alerts (id, source, fingerprint, starts_at, status, ends_at, incident_id, labels, annotations,
        generator_url, marks, contradicted, received, receiver, first_seen_at, last_seen_at)
      overriding system value
      select row.id, source, fingerprint, starts_at, status, ends_at, coalesce(incident_id, made.id), labels,
        annotations, url, marks, contradicted, received, receiver, ${now}, ${now}
      from jsonb_to_recordset(${json(tx, added)}) as row (id bigint, source text, fingerprint text,
        starts_at timestamptz, status text, ends_at timestamptz, incident_id bigint, key text, labels jsonb,
        annotations jsonb, url text, marks text[], contradicted boolean, received int, receiver text)
      left join made on made.correlation_key = row.key
    ), changed as (
      update alerts set status = row.status, ends_at = row.ends_at, contradicted = row.contradicted,
        incident_id = coalesce(row.incident_id, made.id), received = alerts.received + row.received,
        last_seen_at = row.last_seen_at
      from jsonb_to_recordset(${json(tx, changed)}) as row (id bigint, status text, ends_at timestamptz,
        contradicted boolean, incident_id bigint, key text, received int, last_seen_at timestamptz)
      left join made on made.correlation_key = row.key
      where alerts.id = row.id
    ), stated as (
      insert into alert_states (alert_id, status, at, received_at, via)
      select id, status, at, ${now}, via
      from jsonb_to_recordset(${json(tx, states)}) as row (id bigint, status text, at timestamptz, via text)
    ), known as (
      update incidents set wants = wants + 1, alert_version = alert_version + 1, severity = row.severity,
        round = row.round,
        status = case when row.reopened then 'open' else status end,
        outcome = case when row.reopened then null else outcome end,
        because = case when row.reopened then null else because end,
        menu = case when row.reopened then null else menu end,
        waits_for = case when row.reopened then null else waits_for end,
        snoozed_until = case when row.reopened then null else snoozed_until end,
        closed_at = case when row.reopened then null else closed_at end
      from jsonb_to_recordset(${json(tx, known)}) as row (id bigint, severity text, round int, reopened boolean)
      where incidents.id = row.id
    ), told as (
      insert into incident_events (incident_id, round, name, actor, from_status, to_status, detail, at)
      select coalesce(row.id, made.id), round, name, actor, from_status, 'open', detail, ${now}
      from jsonb_to_recordset(${json(tx, events)}) as row (id bigint, key text, round int, name text, actor text,
        from_status text, detail jsonb)
      left join made on made.correlation_key = row.key
    )
    select id, correlation_key from made`
  const ids = new Map(made.map(({ id, correlation_key }) => [correlation_key, id]))
  for (const incident of ledger.incidents) incident.id ??= ids.get(incident.key)
}

/** The id of an incident that is stored. */
export function idOf({ id, key }: IncidentRecord): number {
  if (id === undefined) throw new Error(`The incident of ${key} was not stored.`)
  return id
}

function identity({ source, fingerprint, startsAt }: Arrival['report']): string {
  return `${source} ${fingerprint} ${startsAt.getTime()}`
}
