import type { Labels } from '../domain/alert.ts'
import type { SqlOrTx } from '../storage/postgres.ts'

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
