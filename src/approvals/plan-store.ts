import type { Effect } from '../domain/effect.ts'
import { type Plan, type PlanBody, planDigest } from '../domain/plan.ts'
import { json, type SqlOrTx } from '../storage/postgres.ts'
import { type EffectRow, type PlanRow, toEffect, toPlan } from './plan-rows.ts'

/** Keeps a plan under its incident and round. The first one of a round stays: a node that runs again gets it back. */
export async function keepPlan(sql: SqlOrTx, body: PlanBody, proposedBy: string): Promise<Plan> {
  const [made] = await sql<PlanRow[]>`
    insert into plans (incident_id, round, purpose, body, digest, proposed_by)
    values (${body.incident}, ${body.round}, ${body.purpose}, ${json(sql, body)}, ${planDigest(body)}, ${proposedBy})
    on conflict (incident_id, round) do nothing returning *`
  if (made) return toPlan(made)
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

/** The plan, where there must be one. Throws where there is none. */
export async function loadPlan(sql: SqlOrTx, id: string | null): Promise<Plan> {
  const plan = id === null ? undefined : await findPlan(sql, id)
  if (!plan) throw new Error(`plan ${id} does not exist`)
  return plan
}

/** Every attempt at the actions of a plan, in order. */
export async function effectsOf(sql: SqlOrTx, plan: string): Promise<Effect[]> {
  const rows = await sql<EffectRow[]>`select * from effects where plan_id = ${plan} order by action, attempt`
  return rows.map(toEffect)
}
