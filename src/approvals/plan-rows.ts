import type { Effect } from '../domain/effect.ts'
import type { JsonObject } from '../domain/json.ts'
import type { Plan, PlanBody } from '../domain/plan.ts'

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
