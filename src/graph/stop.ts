import type { Action, Plan } from '../domain/plan.ts'
import type { GraphDeps } from './deps.ts'
import { skipRest } from './effects.ts'
import type { IncidentUpdate } from './state.ts'

/** Ends a plan at one of its actions: what ran before stays, the rest is skipped, and people are offered the way back or the rest. */
export async function stop({ sql }: GraphDeps, plan: Plan, action: Action, because: string): Promise<IncidentUpdate> {
  await skipRest(sql, plan, action.index, `step ${action.index + 1} did not succeed`)
  const of = plan.body.actions.length > 1 ? `Step ${action.index + 1} of ${plan.body.actions.length}` : 'The action'
  return { verdict: { outcome: 'not_fixed', because: `${of} did not succeed: ${because}` }, next: 'record' }
}
