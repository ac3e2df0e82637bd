import type { Incident } from '../domain/incident.ts'
import type { SqlOrTx } from '../storage/postgres.ts'

/** A row of `incidents` as postgres.js gives it, column names as they stand. */
export interface IncidentRow {
  id: number
  correlation_key: string
  status: Incident['status']
  outcome: Incident['outcome']
  severity: Incident['severity']
  alertname: string
  cluster: string
  namespace: string | null
  workload: string | null
  labels: Record<string, string>
  annotations: Record<string, string>
  round: number
  runbook_id: string | null
  runbook_version: string | null
  because: string | null
  waits_for: number | null
  taken_by: string | null
  menu: Incident['menu']
  snoozed_until: Date | null
  opened_at: Date
  closed_at: Date | null
  wants: number
  served: number
  alert_version: number
}

export function toIncident(row: IncidentRow): Incident {
  return {
    id: row.id,
    correlationKey: row.correlation_key,
    status: row.status,
    outcome: row.outcome,
    severity: row.severity,
    alertname: row.alertname,
    cluster: row.cluster,
    namespace: row.namespace,
    workload: row.workload,
    labels: row.labels,
    annotations: row.annotations,
    round: row.round,
    runbookId: row.runbook_id,
    runbookVersion: row.runbook_version,
    because: row.because,
    waitsFor: row.waits_for,
    takenBy: row.taken_by,
    menu: row.menu,
    snoozedUntil: row.snoozed_until,
    openedAt: row.opened_at,
    closedAt: row.closed_at,
    wants: row.wants,
    served: row.served,
    alertVersion: row.alert_version,
  }
}

/** The incident, or undefined where there is none of that number. */
export async function findIncident(sql: SqlOrTx, id: number): Promise<Incident | undefined> {
  const [row] = await sql<IncidentRow[]>`select * from incidents where id = ${id}`
  return row && toIncident(row)
}

/** Says which runbook an incident goes by. Locks the row. */
export async function setRunbook(
  sql: SqlOrTx,
  id: number,
  { id: runbook, version }: { id: string; version: string },
): Promise<void> {
  await sql`update incidents set runbook_id = ${runbook}, runbook_version = ${version} where id = ${id}`
}

/**
 * The incident, locked against every other change until the transaction ends; rows that only refer to it may still be
 * written by others, who would wait in a circle otherwise. Throws where there is none.
 */
export async function lockIncident(sql: SqlOrTx, id: number): Promise<Incident> {
  const [row] = await sql<IncidentRow[]>`select * from incidents where id = ${id} for no key update`
  if (!row) throw new Error(`incident ${id} does not exist`)
  return toIncident(row)
}
