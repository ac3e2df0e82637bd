import type { Labels } from '../domain/alert.ts'
import type { SqlOrTx } from '../storage/postgres.ts'

/** Which of these incidents stay at home, by their labels or those of any of their alerts, and which are not there any more. */
export async function homebound(
  sql: SqlOrTx,
  incidents: readonly number[],
  neverLeaves: (labels: Labels) => boolean,
): Promise<Set<number>> {
  const rows = await sql<{ id: number; labels: Labels }[]>`
    select id, labels from incidents where id = any(${[...incidents]}::bigint[])
    union select incident_id, labels from alerts where incident_id = any(${[...incidents]}::bigint[])`
  const there = new Set(rows.map(({ id }) => id))
  const home = rows.filter(({ labels }) => neverLeaves(labels)).map(({ id }) => id)
  return new Set([...incidents.filter((id) => !there.has(id)), ...home])
}

/** Whether the labels of an incident, or of any of its alerts, keep it at home. */
export async function staysHome(
  sql: SqlOrTx,
  incident: number | null,
  neverLeaves: (labels: Labels) => boolean,
): Promise<boolean> {
  if (incident === null) return false
  const rows = await sql<{ labels: Labels }[]>`
    select labels from incidents where id = ${incident}
    union all select labels from alerts where incident_id = ${incident}`
  return rows.some(({ labels }) => neverLeaves(labels))
}
