import type { Effect } from '../domain/effect.ts'
import type { JsonObject } from '../domain/json.ts'
import { type Plan, type PlanBody, planDigest } from '../domain/plan.ts'
import { json, type SqlOrTx } from '../storage/postgres.ts'

export interface PlanRow {
  id: string
  incident_id: number
  round: number
  body: PlanBody
  digest: string
  proposed_by: string
  created_at: Date
}

export function toPlan(row: PlanRow): Plan {
  return { id: row.id, body: row.body, digest: row.digest, proposedBy: row.proposed_by, createdAt: row.created_at }
}

/** Keeps a plan under its incident and round. The first one of a round stays: a node that runs again gets it back. */
export async function keepPlan(sql: SqlOrTx, body: PlanBody, proposedBy: string): Promise<Plan> {
  await sql`
    insert into plans (incident_id, round, purpose, body, digest, proposed_by)
    values (${body.incident}, ${body.round}, ${body.purpose}, ${json(sql, body)}, ${planDigest(body)}, ${proposedBy})
    on conflict (incident_id, round) do nothing`
  const plan = await planOf(sql, body.incident, body.round)
  if (!plan) throw new Error(`the plan of incident ${body.incident}, round ${body.round}, was not kept`)
  return plan
}

export async function planOf(sql: SqlOrTx, incident: number, round: number): Promise<Plan | undefined> {
  const [row] = await sql<PlanRow[]>`select * from plans where incident_id = ${incident} and round = ${round}`
  return row && toPlan(row)
}

export async function findPlan(sql: SqlOrTx, id: string): Promise<Plan | undefined> {
  const [row] = await sql<PlanRow[]>`select * from plans where id = ${id}`
  return row && toPlan(row)
}

export interface EffectRow {
  id: string
  plan_id: string
  incident_id: number
  action: number
  attempt: number
  status: Effect['status']
  authorization_id: string | null
  started_at: Date | null
  settles_at: Date | null
  finished_at: Date | null
  result: JsonObject | null
  because: string | null
  by_probe: boolean
}

export function toEffect(row: EffectRow): Effect {
  return {
    id: row.id,
    planId: row.plan_id,
    incidentId: row.incident_id,
    action: row.action,
    attempt: row.attempt,
    status: row.status,
    authorizationId: row.authorization_id,
    startedAt: row.started_at,
    settlesAt: row.settles_at,
    finishedAt: row.finished_at,
    result: row.result,
    because: row.because,
    byProbe: row.by_probe,
  }
}
