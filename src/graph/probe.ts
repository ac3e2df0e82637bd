import type { Effect } from '../domain/effect.ts'
import type { Action } from '../domain/plan.ts'
import type { GraphDeps } from './deps.ts'

const PROBE_DEADLINE_MS = 5_000

/** What became of a call whose answer was lost. early: its grant has not run out, so a look would prove nothing yet. */
export interface Settled {
  state: 'early' | 'done' | 'not_done' | 'unknown'
  because: string
}

/** Asks the server whether a call took place, once that can no longer change. Never throws: no answer is unknown. */
export async function settledBy(
  { sql, toolbox }: Pick<GraphDeps, 'sql' | 'toolbox'>,
  action: Action,
  effect: Effect,
): Promise<Settled> {
  const early = await sql`select 1 from effects where id = ${effect.id} and settles_at > watch_now()`
  if (early.length > 0) return { state: 'early', because: 'the call may still land' }
  return await probe({ toolbox }, action, effect)
}

/** The probe alone, for calls that are known to be over. */
export async function probe({ toolbox }: Pick<GraphDeps, 'toolbox'>, action: Action, effect: Effect): Promise<Settled> {
  const dot = action.tool.indexOf('.')
  const answer = await toolbox.call(
    `${action.tool.slice(0, dot)}.probe_effect`,
    { tool: action.tool.slice(dot + 1), arguments: action.arguments, effect: effect.id },
    { deadlineMs: PROBE_DEADLINE_MS },
  )
  if (!answer.ok) return { state: 'unknown', because: `Whether it happened cannot be told: ${answer.message}` }
  const { state, because } = answer.result
  if (state !== 'done' && state !== 'not_done')
    return { state: 'unknown', because: `Whether it happened cannot be told: ${String(because)}` }
  return { state, because: String(because) }
}
