import { StateSchema } from '@langchain/langgraph'
import { z } from 'zod'

/** Where a graph may go next; each node names it, so that the drawn graph and the run one are the same. */
export const steps = [
  'triage',
  'recall',
  'investigate',
  'propose',
  'authorize',
  'await-decision',
  'execute',
  'await-outcome',
  'verify',
  'record',
  'end',
] as const
export type Step = (typeof steps)[number]

/**
 * What a waiting incident waits for. decision: an approval · effect: a call whose fate is unknown until its grant has run
 * out · doubt: a person's word on one that stayed unknown · verify: time, or a change of its alerts · target: another
 * incident to let go of the workload · snooze: its hour · watch: a person, or the end of its alerts.
 */
export const waits = ['decision', 'effect', 'doubt', 'verify', 'target', 'snooze', 'ignored', 'watch'] as const
export type Wait = (typeof waits)[number]

const Outcome = z.enum([
  'fixed',
  'not_fixed',
  'reverted',
  'self_resolved',
  'rejected',
  'expired',
  'ignored',
  'in_doubt',
  'abandoned',
  'advised',
  'unknown',
])

/** What the graph of one incident carries: ids and small facts only. Bodies are rows: plans, evidence, effects. */
const Flow = z.object({
  incident: z.number(),
  round: z.number().default(1),
  next: z.enum(steps).default('triage'),
  /**
   * fix looks for a runbook; undo and rest make a plan from one that ran, in `basis`; edited makes one with the values that a
   * person named, in the request that `basis` is the number of.
   */
  purpose: z.enum(['fix', 'undo', 'rest', 'edited']).default('fix'),
  basis: z.string().nullable().default(null),
  /** The cause of an investigation that this round mends as was proposed; null for one that finds its own way. */
  chosen: z.object({ investigation: z.string(), cause: z.number() }).nullable().default(null),
  /** Who asked for this round, where a person did; proposers do not second their own plans. */
  askedBy: z.string().nullable().default(null),
  /** Runbooks that match, the most specific first; the checks decide. */
  candidates: z.array(z.string()).default([]),
  runbook: z.string().nullable().default(null),
  plan: z.string().nullable().default(null),
  /** The next action of the plan. */
  cursor: z.number().default(0),
  /** Which asking of the plan this is: Run again asks once more. */
  attempt: z.number().default(1),
  approval: z.string().nullable().default(null),
  wait: z.enum(waits).nullable().default(null),
  /** How often in a row the plan was no longer what would run, with nobody asking for another. */
  replans: z.number().default(0),
  /** Of the alerts, and of people's requests, what has been taken in so far. */
  alertVersion: z.number().default(0),
  lastRequest: z.number().default(0),
  verdict: z.object({ outcome: Outcome, because: z.string() }).nullable().default(null),
  /** Quiet that a person asked for, until `record` has written it down. */
  quiet: z
    .object({ kind: z.enum(['snooze', 'ignored']), minutes: z.number(), by: z.string() })
    .nullable()
    .default(null),
})
export type IncidentState = z.infer<typeof Flow>
export type IncidentUpdate = Partial<IncidentState>

/** Whether a round is there to end the trouble, and so has nothing to do once its alerts are clear. */
export function mends(purpose: IncidentState['purpose']): boolean {
  return purpose === 'fix' || purpose === 'edited'
}

/**
 * Names one end of a round. A round may come to more than one: where a call was in doubt, a request or another attempt lies between
 * that and what became of it.
 */
export function endOf({ round, attempt, lastRequest }: IncidentState): string {
  return `${round}:${attempt}:${lastRequest}`
}

/** One channel for all of it: the checkpointer writes a row for every channel that changes. */
export const State = new StateSchema({ flow: Flow })
export type GraphState = typeof State.State

/** Where the flow of an incident begins. */
export function beginning(incident: number): GraphState {
  return { flow: Flow.parse({ incident }) }
}
