import type { JsonObject } from '../domain/json.ts'
import type { Check, Runbook } from '../domain/runbook.ts'
import { holds } from '../knowledge/conditions.ts'
import { resolveInputs } from '../knowledge/inputs.ts'
import type { AlertFacts } from '../knowledge/scope.ts'
import { renderArgs } from '../knowledge/templates.ts'
import type { Looking, Seen } from './port.ts'

/** One check of a runbook, and what came of it. */
export type CheckOutcome =
  | { check: Check; ran: false; because: string }
  /** `holds`: undefined where it has no condition or no answer; `because` says why it does not hold. */
  | { check: Check; ran: true; args: JsonObject; seen: Seen; holds: boolean | undefined; because: string | undefined }

export interface ChecksRun {
  outcomes: readonly CheckOutcome[]
  /** Why the runbook is not for what is going on, in a sentence; undefined where all that is required holds. */
  unfit: string | undefined
}

/**
 * Runs the checks of a runbook in their order through tools that only look. What an alert says of itself fills its inputs; a
 * check whose arguments cannot be filled in is not run, and says why. Never throws for what a tool did.
 */
export async function runChecks(
  looking: Looking,
  runbook: Runbook,
  alert: AlertFacts,
  options: { deadlineMs: number; signal?: AbortSignal; onOutcome?: (outcome: CheckOutcome) => void },
): Promise<ChecksRun> {
  const checks: Record<string, { result: unknown }> = {}
  const outcomes: CheckOutcome[] = []
  for (const check of runbook.checks) {
    if (options.signal?.aborted) break
    const outcome = await runOne(looking, runbook, check, { alert, checks }, options)
    outcomes.push(outcome)
    options.onOutcome?.(outcome)
    if (outcome.ran && outcome.seen.ok) checks[check.id] = { result: outcome.seen.result }
  }
  return { outcomes, unfit: unfitOf(runbook, outcomes, { alert, checks }) }
}

async function runOne(
  looking: Looking,
  runbook: Runbook,
  check: Check,
  { alert, checks }: { alert: AlertFacts; checks: Readonly<Record<string, { result: unknown }>> },
  { deadlineMs, signal }: { deadlineMs: number; signal?: AbortSignal },
): Promise<CheckOutcome> {
  const { values, missing, refused } = resolveInputs(runbook, { alert, checks })
  const rendered = renderArgs(check.args, { inputs: values, checks })
  if ('problem' in rendered) {
    const [first] = [...refused, ...missing]
    return { check, ran: false, because: first?.because ?? rendered.problem }
  }
  const { args } = rendered
  const seen = await looking
    .look(check.tool, args, { deadlineMs, ...(signal && { signal }) })
    .catch((): Seen => ({ ok: false, message: 'The tool could not be asked.' }))
  if (!seen.ok || check.expect === undefined)
    return { check, ran: true, args, seen, holds: undefined, because: undefined }
  const verdict = holds(check.expect, { alert, inputs: values, checks, result: seen.result })
  return { check, ran: true, args, seen, holds: verdict.holds, because: verdict.problem }
}

function unfitOf(
  runbook: Runbook,
  outcomes: readonly CheckOutcome[],
  known: { alert: AlertFacts; checks: Readonly<Record<string, { result: unknown }>> },
): string | undefined {
  for (const outcome of outcomes) {
    if (!outcome.check.required) continue
    if (!outcome.ran) return outcome.because
    const { check, seen } = outcome
    if (!seen.ok) return `The check ${check.id} got no answer: ${seen.message}`
    if (outcome.holds === false) return outcome.because ?? `The check ${check.id} does not hold: ${seen.summary}`
  }
  const { missing, refused } = resolveInputs(runbook, known)
  return [...refused, ...missing][0]?.because
}
