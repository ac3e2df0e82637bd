import type { Incident, Outcome } from '../domain/incident.ts'
import type { Plan } from '../domain/plan.ts'
import type { SqlOrTx } from '../storage/postgres.ts'

/** What an outcome counts for in a runbook's record, and why. Unknown is not success. */
export interface Credit {
  outcome: Outcome
  decision: 'approved' | 'rejected'
  credit: 'success' | 'failure' | 'none'
  because: string
}

/** Credit for one round: pure, and one table. `ran` is how many of the plan's actions are known to have been done. */
export function creditOf(plan: Plan, { outcome, because }: { outcome: Outcome; because: string }, ran: number): Credit {
  const whole = ran === plan.body.actions.length
  if (outcome === 'rejected') return { outcome, decision: 'rejected', credit: 'failure', because }
  if (plan.body.purpose !== 'fix')
    return { outcome, decision: 'approved', credit: 'none', because: `it was to ${plan.body.purpose}` }
  if (outcome === 'fixed' && whole) return { outcome, decision: 'approved', credit: 'success', because }
  if ((outcome === 'not_fixed' || outcome === 'reverted') && ran > 0)
    return { outcome, decision: 'approved', credit: 'failure', because }
  return { outcome, decision: 'approved', credit: 'none', because }
}

/** Adds a round to the record of its runbook's version, once. Plans without a runbook have none. */
export async function recordTrust(
  sql: SqlOrTx,
  { plan, incident, outcome, decision, credit, because }: Credit & { plan: Plan; incident: Incident },
): Promise<void> {
  const { runbook, cluster, round, actions } = plan.body
  if (!runbook) return
  const classes = [...new Set(actions.map((action) => `${action.tool}:${action.effect}`))].sort().join(',')
  await sql`
    insert into trust (incident_id, round, runbook_id, runbook_version, action_class, scope, decision, outcome, credit, because)
    values (${incident.id}, ${round}, ${runbook.id}, ${runbook.version}, ${classes}, ${cluster}, ${decision}, ${outcome},
      ${credit}, ${because})
    on conflict (incident_id, round) do nothing`
}
