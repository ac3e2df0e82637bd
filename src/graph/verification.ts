import type { AlertVerification, ToolVerification } from '../domain/runbook.ts'
import type { AlertStanding } from '../incidents/alert-rows.ts'

/** When the last action ended and what time it is, in Unix milliseconds of the database's clock. */
export interface Times {
  ranAt: number
  now: number
}

/** Since when this process has taken in what becomes of alerts, and how long after that it waits for what it missed, in ms. */
export interface Hearing {
  since: number
  graceMs: number
}

/**
 * How long Alertmanager may take to tell an end that it could not deliver: it tries again with its `group_interval`, 5 min unless
 * told. A poll needs as long, and two minutes more, to take what it does not find for over.
 */
export const HEARING_GRACE_MS = 7 * 60_000

const SHORTEST_LOOK_MS = 250
const LONGEST_LOOK_MS = 30_000

/** What one clause says now. A pending one says when it may have changed. */
export type Judgement =
  | { state: 'passed'; because: string }
  | { state: 'failed'; because: string }
  | { state: 'unknown'; because: string }
  | { state: 'pending'; because: string; lookAgainMs: number }

/**
 * The alert must clear within its window and then stay clear for as long as the clause says.
 *
 * That it fires after its window is only known where somebody listened. Either this process has, since before the action ran or
 * for so long before the window's end that it heard what it had missed; then silence means that it fires: Alertmanager repeats what
 * fires every few hours only. Or a report from after the window says so: a poll's, or a webhook's. Where neither is so, the records
 * may be older than the window's end. The process then waits for what it missed, as long as Alertmanager may take to tell it, and
 * after that it cannot be told. Polls are waited for as well where they find the alert: they may have missed it for some minutes
 * already, which is how they learn of its end.
 */
export function judgeAlert(
  { withinMs, forMs }: AlertVerification,
  standing: Pick<AlertStanding, 'firing' | 'clearedAt' | 'firedAt' | 'listed'>,
  { ranAt, now }: Times,
  { since, graceMs }: Hearing,
): Judgement {
  const deadline = ranAt + withinMs
  const isTold = standing.firedAt !== null && standing.firedAt.getTime() > deadline
  const isKnown = isTold || since <= ranAt || since + graceMs <= deadline
  const clearedAt = standing.firing === 0 ? standing.clearedAt?.getTime() : undefined
  if (clearedAt === undefined) {
    if (now < deadline)
      return { state: 'pending', because: 'Waiting for the alert to clear.', lookAgainMs: deadline - now }
    const left = isTold || (isKnown && !standing.listed) ? 0 : Math.max(deadline, since) + graceMs - now
    if (left > 0) {
      const because = 'Waiting to hear whether the alert still fires.'
      return { state: 'pending', because, lookAgainMs: Math.min(left, LONGEST_LOOK_MS) }
    }
    return isKnown
      ? { state: 'failed', because: 'The alert still fires.' }
      : { state: 'unknown', because: 'Nothing was heard of the alert since before its time to clear was over.' }
  }
  if (clearedAt > deadline)
    return isKnown
      ? { state: 'failed', because: 'The alert cleared too late.' }
      : { state: 'unknown', because: 'The alert is clear; whether it cleared in time cannot be told.' }
  // Clocks differ: what the sender says ended before the action did ended with it.
  const cleared = Math.max(clearedAt, ranAt)
  const steadyAt = cleared + forMs
  if (now >= steadyAt) return { state: 'passed', because: 'the alert is clear' }
  return { state: 'pending', because: 'The alert is clear; watching that it stays so.', lookAgainMs: steadyAt - now }
}

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
 * earliest moment at which one may have changed, and unknown where one stays so. No clause at all is not success.
 */
export function sumUp(judgements: readonly Judgement[]): Judgement {
  if (judgements.length === 0)
    return { state: 'failed', because: 'There is nothing that would show whether it helped.' }
  const failed = judgements.find((it) => it.state === 'failed')
  if (failed) return failed
  const pending = judgements.filter((it) => it.state === 'pending')
  const [first] = pending
  const unknown = judgements.find((it) => it.state === 'unknown')
  if (!first && unknown) return unknown
  if (!first) return { state: 'passed', because: judgements.map((it) => it.because.replace(/\.$/, '')).join('; ') }
  return { ...first, lookAgainMs: Math.max(50, Math.min(...pending.map((it) => it.lookAgainMs))) }
}
