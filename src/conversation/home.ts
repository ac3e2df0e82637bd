import type { Labels } from '../domain/alert.ts'
import { namesOf } from '../inference/never-leaves.ts'
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

/** Said where a model in the cloud might have been asked, had nothing open to stay at home. */
export const KEPT_LOCAL =
  'No model in the cloud was asked: an open incident stays at home, and what it is about could be seen.'

/**
 * Whether the labels of an incident, or of any of its alerts, keep it at home. What is about no incident (null) may look at
 * anything: it stays at home while any open incident does.
 */
export async function staysHome(
  sql: SqlOrTx,
  incident: number | null,
  neverLeaves: (labels: Labels) => boolean,
): Promise<boolean> {
  return (await labelsAbout(sql, incident)).some(neverLeaves)
}

/** Names of machines that the labels of an incident and of its alerts give away; null: those of every open one. */
export async function namesAbout(sql: SqlOrTx, incident: number | null): Promise<string[]> {
  return [...new Set((await labelsAbout(sql, incident)).flatMap(namesOf))]
}

/** All labels of an incident and of its alerts; null: of every open one. */
async function labelsAbout(sql: SqlOrTx, incident: number | null): Promise<Labels[]> {
  const which = incident === null ? sql`closed_at is null` : sql`id = ${incident}`
  const rows = await sql<{ labels: Labels }[]>`
    select labels from incidents where ${which}
    union select labels from alerts where incident_id in (select id from incidents where ${which})`
  return rows.map(({ labels }) => labels)
}
