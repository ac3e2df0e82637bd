import type { Incident, Outcome } from '../domain/incident.ts'
import type { Plan } from '../domain/plan.ts'
import type { SqlOrTx } from '../storage/postgres.ts'

/** What an outcome counts for in a runbook's record, and why. Unknown is not success. */
export interface Credit {
  outcome: Outcome
  decision: 'approved' | 'rejected' | 'standing'
  credit: 'success' | 'failure' | 'none'
  because: string
}

/** How many of a plan's actions are known to have been done, and whether its level alone permitted them. */
export interface Ran {
  ran: number
  standing: boolean
}

/** Credit for one round: pure, and one table. Undefined where nothing was decided and nothing ran: that is no record. */
export function creditOf(
  plan: Plan,
  { outcome, because }: { outcome: Outcome; because: string },
  { ran, standing }: Ran,
): Credit | undefined {
  if (outcome === 'rejected') return { outcome, decision: 'rejected', credit: 'none', because }
  if (ran === 0) return undefined
  const decision = standing ? ('standing' as const) : ('approved' as const)
  if (plan.body.edited) return { outcome, decision, credit: 'none', because: `${plan.body.edited.by} changed the plan` }
  if (plan.body.purpose !== 'fix')
    return { outcome, decision, credit: 'none', because: `it was to ${plan.body.purpose}` }
  if (outcome === 'fixed' && ran === plan.body.actions.length) return { outcome, decision, credit: 'success', because }
  if (outcome === 'not_fixed' || outcome === 'reverted') return { outcome, decision, credit: 'failure', because }
  return { outcome, decision, credit: 'none', because }
}

/** Adds a round to the record of its runbook's version, once. Plans without a runbook have none. */
export async function recordTrust(
  sql: SqlOrTx,
  { plan, incident, outcome, decision, credit, because }: Credit & { plan: Plan; incident: Incident },
): Promise<void> {
  const { runbook, cluster, round, actions, edited } = plan.body
  if (!runbook) return
  const classes = [...new Set(actions.map((action) => `${action.tool}:${action.effect}`))].sort().join(',')
  await sql`
    insert into trust (incident_id, round, runbook_id, runbook_version, action_class, scope, decision, modified, outcome, credit, because)
    values (${incident.id}, ${round}, ${runbook.id}, ${runbook.version}, ${classes}, ${cluster}, ${decision}, ${edited !== undefined}, ${outcome},
      ${credit}, ${because})
    on conflict (incident_id, round) do nothing`
}
