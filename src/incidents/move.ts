import { type IncidentStatus, type Outcome, waysTo } from '../domain/incident.ts'
import type { JsonObject } from '../domain/json.ts'
import { json, type SqlOrTx, sentTogether } from '../storage/postgres.ts'
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
export async function move(sql: SqlOrTx, change: Move): Promise<void> {
  const { incident, name, to } = change
  // The lock first: what is seen behind it has all that was committed before, the buttons too.
  const [, rows] = await sentTogether([lockIncident(sql, incident), write(sql, change)])
  if (rows.length === 1) return
  const { status } = await lockIncident(sql, incident)
  throw new Error(`incident ${incident} cannot go from ${status} to ${to} (${name})`)
}

async function write(sql: SqlOrTx, change: Move): Promise<readonly unknown[]> {
  const { incident, round, name, actor, to, outcome, because, detail = {}, key = null } = change
  return await sql`
    with before as (
      select id, status from incidents where id = ${incident} and status = any(${waysTo(to)}::text[]) ),
    told as (
      insert into incident_events (incident_id, round, name, actor, from_status, to_status, detail, key)
      select id, ${round}, ${name}, ${actor}, nullif(status, ${to}), case when status <> ${to} then ${to} end,
        ${json(sql, detail)}, ${key}
      from before
      on conflict (incident_id, key) do nothing),
    retired as (
      update buttons set retired_at = watch_now() from before
      where before.status <> ${to} and incident_id = before.id and retired_at is null and used_at is null)
    update incidents i set status = ${to},
      outcome = case when ${outcome !== undefined} then ${outcome ?? null} else i.outcome end,
      because = case when ${because !== undefined} then ${because ?? null} else i.because end,
      menu = case when before.status <> ${to} then null else i.menu end,
      closed_at = case when ${to} = 'closed' then coalesce(i.closed_at, watch_now()) else null end
    from before where i.id = before.id returning i.id`
}
