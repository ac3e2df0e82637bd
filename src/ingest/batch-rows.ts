import type { AlertRecord, IncidentRecord, Ledger } from './settle.ts'

/**
 * What a batch writes, as rows for `jsonb_to_recordset`. New alerts come with ids already given; an incident that has none
 * yet is named by its key.
 */
export function rowsOf(ledger: Ledger, isNew: ReadonlySet<AlertRecord>) {
  const alerts = [...ledger.alerts]
  const changed = alerts.filter((alert) => !isNew.has(alert) && (alert.changed || alert.received > 0))
  const incidents = ledger.incidents.filter(({ moved }) => moved)
  return {
    incidents: incidents.flatMap(newIncident),
    known: incidents.filter(({ first }) => !first).map(knownIncident),
    added: [...isNew].map(newAlert),
    changed: changed.map(knownAlert),
    states: alerts.flatMap(({ id, states }) => states.map((state) => ({ id, ...state }))),
    events: incidents.flatMap(eventOf),
  }
}

function newIncident({ key, severity, first }: IncidentRecord) {
  if (!first) return []
  const { alertname, cluster, namespace, workload } = first.subject
  const { labels, annotations } = first.report
  return [{ key, severity, alertname, cluster, namespace, workload, labels, annotations }]
}

function knownIncident({ id, severity, round, reopened }: IncidentRecord) {
  return { id, severity, round, reopened }
}

function newAlert({ id, report, status, endsAt, contradicted, incident, received }: AlertRecord) {
  return {
    id,
    source: report.source,
    fingerprint: report.fingerprint,
    starts_at: report.startsAt,
    status,
    ends_at: endsAt,
    incident_id: incident?.id,
    key: incident?.key,
    labels: report.labels,
    annotations: report.annotations,
    url: report.generatorUrl,
    marks: report.marks,
    contradicted,
    received,
    receiver: report.receiver ?? '',
  }
}

function knownAlert({ id, status, endsAt, contradicted, incident, received, lastSeenAt }: AlertRecord) {
  return {
    id,
    status,
    ends_at: endsAt,
    contradicted,
    incident_id: incident?.id,
    key: incident?.key,
    received,
    last_seen_at: lastSeenAt,
  }
}

function eventOf({ id, key, round, first, reopened }: IncidentRecord): object[] {
  if (first) {
    const { source, fingerprint, receiver = '' } = first.report
    return [{ key, round, name: 'received', actor: source, detail: { alert: fingerprint, receiver, via: first.via } }]
  }
  return reopened ? [{ id, round, name: 'reopened', actor: 'alertmanager', from_status: 'closed', detail: {} }] : []
}
