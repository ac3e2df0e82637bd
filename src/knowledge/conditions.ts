import { evaluate, parseExpression } from './cel-expressions.ts'
import type { Scope } from './scope.ts'

/** Whether a condition holds; `problem` is a sentence for people, there whenever it could not be decided. */
export interface Verdict {
  readonly holds: boolean
  readonly problem?: string
}

/**
 * Judges a CEL condition over `alert`, `inputs`, `checks` and `result`.
 *
 * A missing key makes the whole condition false, as does an answer that is not a boolean or an expression that does not
 * parse: only a plain `true` holds. Never throws.
 */
export function holds(expression: string, scope: Scope): Verdict {
  const parsed = parseExpression(expression)
  if ('problem' in parsed) return { holds: false, problem: `\`${expression}\` is not a condition: ${parsed.problem}.` }
  const outcome = evaluate(parsed.expression, {
    alert: scope.alert,
    inputs: scope.inputs,
    checks: scope.checks,
    result: scope.result ?? {},
  })
  if ('value' in outcome) {
    if (typeof outcome.value === 'boolean') return { holds: outcome.value }
    return { holds: false, problem: `\`${expression}\` gives a value that is neither true nor false.` }
  }
  if (outcome.missing !== undefined) {
    return { holds: false, problem: `\`${expression}\` looks at \`${outcome.missing}\`, which is not there.` }
  }
  return { holds: false, problem: `\`${expression}\` could not be worked out: ${outcome.problem}.` }
}
