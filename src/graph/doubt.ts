import { type EffectRow, toEffect } from '../approvals/plan-rows.ts'
import type { Effect } from '../domain/effect.ts'
import type { PlanBody } from '../domain/plan.ts'
import type { SqlOrTx } from '../storage/postgres.ts'

/** A call whose fate nobody knows, with the round and purpose of its plan. */
export interface Unsettled {
  effect: Effect
  round: number
  purpose: PlanBody['purpose']
}

/**
 * The call of this incident that may have run, or not, and that nobody has given up. Until it is settled nothing else is planned
 * for the incident, and its targets stay its own.
 */
export async function unsettledOf(sql: SqlOrTx, incident: number): Promise<Unsettled | undefined> {
  const [row] = await sql<(EffectRow & Pick<Unsettled, 'round' | 'purpose'>)[]>`
    select e.*, p.round, p.purpose from effects e join plans p on p.id = e.plan_id
    where e.incident_id = ${incident} and e.status in ('started', 'in_doubt') and e.finished_at is null
    order by e.started_at desc limit 1`
  return row && { effect: toEffect(row), round: row.round, purpose: row.purpose }
}

/** Another attempt has begun in their place: from now on what becomes of that one counts. */
export async function settleEarlier(sql: SqlOrTx, { planId, action, attempt }: Effect): Promise<void> {
  await sql`
    update effects set finished_at = watch_now()
    where plan_id = ${planId} and action = ${action} and attempt < ${attempt} and status = 'in_doubt' and finished_at is null`
}

/** A person leaves it as it is: the call stays in doubt, and nobody waits for it any more. */
export async function giveUp(sql: SqlOrTx, incident: number): Promise<void> {
  await sql`
    update effects set finished_at = watch_now()
    where incident_id = ${incident} and status = 'in_doubt' and finished_at is null`
}
