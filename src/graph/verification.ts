import type { AlertVerification, ToolVerification } from '../domain/runbook.ts'
import type { AlertStanding } from '../incidents/alert-rows.ts'

/** When the last action ended and what time it is, in Unix milliseconds of the database's clock. */
export interface Times {
  ranAt: number
  now: number
}

/** What one clause says now. A pending one says when it may have changed. */
export type Judgement =
  | { state: 'passed'; because: string }
  | { state: 'failed'; because: string }
  | { state: 'pending'; because: string; lookAgainMs: number }

/** The alert must clear within its window and then stay clear for as long as the clause says. */
export function judgeAlert(
  { withinMs, forMs }: AlertVerification,
  standing: Pick<AlertStanding, 'firing' | 'clearedAt'>,
  { ranAt, now }: Times,
): Judgement {
  const deadline = ranAt + withinMs
  const cleared = standing.firing === 0 ? standing.clearedAt?.getTime() : undefined
  if (cleared !== undefined && cleared > deadline) return { state: 'failed', because: 'The alert cleared too late.' }
  if (cleared === undefined) {
    if (now >= deadline) return { state: 'failed', because: 'The alert still fires.' }
    return { state: 'pending', because: 'Waiting for the alert to clear.', lookAgainMs: deadline - now }
  }
  const steadyAt = cleared + forMs
  if (now >= steadyAt) return { state: 'passed', because: 'the alert is clear' }
  return { state: 'pending', because: 'The alert is clear; watching that it stays so.', lookAgainMs: steadyAt - now }
}

const SHORTEST_LOOK_MS = 250
const LONGEST_LOOK_MS = 30_000

/** The platform must say that it is sound within the window; it is asked again a few times until then. */
export function judgeTool(
  { withinMs, tool }: ToolVerification,
  { sound, summary }: { sound: boolean; summary: string },
  { ranAt, now }: Times,
): Judgement {
  if (sound) return { state: 'passed', because: summary }
  const deadline = ranAt + withinMs
  if (now >= deadline) return { state: 'failed', because: `${tool} does not say that it is sound: ${summary}` }
  const step = Math.min(LONGEST_LOOK_MS, Math.max(SHORTEST_LOOK_MS, withinMs / 20))
  return { state: 'pending', because: `Not sound yet: ${summary}`, lookAgainMs: Math.min(step, deadline - now) }
}

/**
 * One verdict from all clauses: failed as soon as one is, passed when all are at the same look, else pending until the
 * earliest moment at which one may have changed. No clause at all is not success.
 */
export function sumUp(judgements: readonly Judgement[]): Judgement {
  if (judgements.length === 0)
    return { state: 'failed', because: 'There is nothing that would show whether it helped.' }
  const failed = judgements.find((it) => it.state === 'failed')
  if (failed) return failed
  const pending = judgements.filter((it) => it.state === 'pending')
  const [first] = pending
  if (!first) return { state: 'passed', because: judgements.map((it) => it.because.replace(/\.$/, '')).join('; ') }
  return { ...first, lookAgainMs: Math.max(50, Math.min(...pending.map((it) => it.lookAgainMs))) }
}
