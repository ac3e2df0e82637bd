import { type Incident, type IncidentStatus, mayMove, type Outcome } from '../domain/incident.ts'
import type { JsonObject } from '../domain/json.ts'
import { json, type SqlOrTx } from '../storage/postgres.ts'
import { lockIncident } from './incident-rows.ts'

export interface Happening {
  incident: number
  round: number
  /** Noun, then past verb: `approval requested`. */
  name: string
  /** `agent`, `person:alice`, `alertmanager` */
  actor: string
  detail?: JsonObject
  /** Names the one time this can happen, so that a node that runs again writes it once. */
  key?: string
}

/** Writes a line of the timeline. Under a key that is there already it writes nothing. */
export async function happened(
  sql: SqlOrTx,
  { incident, round, name, actor, detail = {}, key }: Happening,
): Promise<void> {
  await sql`
    insert into incident_events (incident_id, round, name, actor, detail, key)
    values (${incident}, ${round}, ${name}, ${actor}, ${json(sql, detail)}, ${key ?? null})
    on conflict (incident_id, key) do nothing`
}

/** Makes every button of an incident dead at once; the next card gets new ones. */
export async function retireButtons(sql: SqlOrTx, incident: number): Promise<void> {
  await sql`
    update buttons set retired_at = watch_now() where incident_id = ${incident} and retired_at is null and used_at is null`
}

export interface Move extends Happening {
  to: IncidentStatus
  outcome?: Outcome | null
  because?: string | null
}

/**
 * Moves an incident along a named transition and writes it into the timeline, in the caller's transaction. Locks the row.
 * Throws on a transition that the table in `domain/incident.ts` does not have. A move that was made already (same status
 * and outcome) only writes what is missing, so a node may run again.
 */
export async function move(sql: SqlOrTx, change: Move): Promise<Incident> {
  const before = await lockIncident(sql, change.incident)
  if (!mayMove(before.status, change.to))
    throw new Error(`incident ${change.incident} cannot go from ${before.status} to ${change.to} (${change.name})`)
  const outcome = change.outcome === undefined ? before.outcome : change.outcome
  const because = change.because === undefined ? before.because : change.because
  const moves = before.status !== change.to
  await sql`
    with told as (
      insert into incident_events (incident_id, round, name, actor, from_status, to_status, detail, key)
      values (${change.incident}, ${change.round}, ${change.name}, ${change.actor}, ${moves ? before.status : null},
        ${moves ? change.to : null}, ${json(sql, change.detail ?? {})}, ${change.key ?? null})
      on conflict (incident_id, key) do nothing),
    retired as (
      update buttons set retired_at = watch_now()
      where ${moves} and incident_id = ${change.incident} and retired_at is null and used_at is null)
    update incidents set status = ${change.to}, outcome = ${outcome}, because = ${because},
      menu = case when ${moves} then null else menu end,
      closed_at = case when ${change.to} = 'closed' then coalesce(closed_at, watch_now()) else null end
    where id = ${change.incident}`
  return { ...before, status: change.to, outcome, because }
}
