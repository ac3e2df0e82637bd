import { hashOf } from '../domain/json.ts'
import type { Runbook } from '../domain/runbook.ts'

/** The parts of a runbook that decide what is run and when. */
export type ExecutablePart = Pick<Runbook, 'match' | 'inputs' | 'checks' | 'steps' | 'verify' | 'ceiling'>

/**
 * Lowercase hex SHA-256 over the canonical JSON (RFC 8785) of the executable part. What is only read by people (`shows`,
 * `does`, `costs`, the title, the prose) is left out, so that a better sentence costs no trust.
 */
export function versionOf({ match, inputs, checks, steps, verify, ceiling }: ExecutablePart): string {
  return hashOf({
    match,
    inputs,
    checks: checks.map(({ shows: _, ...check }) => check),
    steps: steps.map(({ does: _does, costs: _costs, ...step }) => step),
    verify,
    ceiling,
  })
}

/** The version as people are shown it. */
export function shownVersion(version: string): string {
  return version.slice(0, 12)
}
