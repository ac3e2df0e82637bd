import type { JsonObject } from '../domain/json.ts'
import { type DeclaredTools, effectOfCall, toolRules } from './rules.ts'

/** Arguments that are the agent's own to set. */
const OURS: readonly string[] = ['dry_run', 'precondition']

/**
 * Why a model may not propose this call, in a sentence that ends without a full stop; undefined when it may. What may cost
 * data or service and cannot be taken back needs a runbook, which a person has written: people still decide on everything
 * else. Whether the tool is there, and its arguments fit, is for those who know what servers publish.
 */
export function whyNotProposed(tool: string, args: JsonObject, declared?: DeclaredTools): string | undefined {
  const effect = effectOfCall(tool, args, declared)
  if (effect === undefined) return `${tool.slice(0, 80)} is not a tool this installation knows`
  if (effect === 'read') return `${tool} only looks, so it is no step of a plan`
  if (effect === 'destructive' && !toolRules.get(tool)?.undoable)
    return `${tool} may cost data or service and cannot be taken back, so it needs a runbook`
  const ours = OURS.find((name) => Object.hasOwn(args, name))
  return ours === undefined ? undefined : `${ours} is not for a model to set`
}
