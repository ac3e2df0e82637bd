import type { RunbookPages } from '../domain/view.ts'
import type { Sql } from '../storage/postgres.ts'
import type { IncidentSummary } from './console/ports.ts'

const SHOWN = 100

/** The open incidents and the newest closed ones, for a list; the newest first. */
export async function incidentList(sql: Sql, runbookOf: RunbookPages): Promise<IncidentSummary[]> {
  const rows = await sql<(IncidentSummary & { runbookId: string | null })[]>`
    select i.id, i.status, i.outcome, i.severity, i.alertname, i.cluster, i.namespace, i.workload, i.annotations,
      i.runbook_id as "runbookId", i.because, i.taken_by as "takenBy", i.waits_for as "waitsFor",
      i.opened_at as "openedAt", i.closed_at as "closedAt",
      exists (select from effects e where e.incident_id = i.id and e.status = 'in_doubt') as "inDoubt",
      count(a.id) filter (where a.status = 'firing') as firing, count(a.id) as total
    from (select * from incidents order by (closed_at is null) desc, id desc limit ${sql.unsafe(String(SHOWN))}) i
    left join alerts a on a.incident_id = i.id
    group by i.id, i.status, i.outcome, i.severity, i.alertname, i.cluster, i.namespace, i.workload, i.annotations,
      i.runbook_id, i.because, i.taken_by, i.waits_for, i.opened_at, i.closed_at
    order by i.id desc`
  return rows.map(({ runbookId, ...row }) => ({
    ...row,
    runbookTitle: runbookId === null ? null : (runbookOf(runbookId)?.title ?? null),
  }))
}
