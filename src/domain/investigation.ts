import type { JsonObject } from './json.ts'

/** What an investigation came to. `no_data` and `not_a_problem` are answers like the others. */
export type Finding = 'cause_found' | 'unclear' | 'no_data' | 'not_a_problem'

/** Where a claim can be seen: the id of the evidence and the words in it. */
export interface Citation {
  evidence: string
  quote: string
}

export interface Claim {
  text: string
  cites: readonly Citation[]
}

/** One change that could be made, in a model's words: a tool that may be planned, and its arguments without `dry_run`. */
export type ProposedAction = {
  tool: string
  arguments: JsonObject
  why: string
}

/**
 * What could be done about a cause, as a model proposed it: a runbook that is there, with values for its inputs, or single
 * actions. Nothing of it runs: code makes a plan of it, and people decide on that.
 */
export type ProposedPlan =
  | { kind: 'runbook'; runbook: string; inputs: JsonObject }
  | { kind: 'actions'; actions: readonly ProposedAction[] }

export interface Cause {
  title: string
  claims: readonly Claim[]
  /** The model's own estimate, 0 to 1: recorded, and nothing rests on it. */
  confidence: number
  plan?: ProposedPlan
}

export interface Conclusion {
  finding: Finding
  summary: string
  /** One for `cause_found`, two or three for `unclear`, none for `no_data`. The likelier first. */
  causes: readonly Cause[]
  /** What a sound state rests on, for `not_a_problem`. */
  claims: readonly Claim[]
  /** What a person could look at next. */
  next: string
}

/** One look, and what it returned, bounded. */
export interface Evidence {
  /** `e1`: the alert; from then on in the order of looking. */
  id: string
  source: string
  text: string
}

/**
 * How it ended: concluded · limit: looked as often as it may · deadline: its time was over · no_model: no model could be asked
 * · cancelled: nobody wanted it any more. All but the first are partial, and their evidence stands.
 */
export type Ending = 'concluded' | 'limit' | 'deadline' | 'no_model' | 'cancelled'

export interface Report {
  ending: Ending
  /** Undefined where it ended before anything could be concluded. */
  conclusion: Conclusion | undefined
  evidence: readonly Evidence[]
  /** Claims that no evidence held, and were dropped. */
  unsupported: number
  /** Tool calls that were made. */
  looks: number
  /** Tool calls and plans that were asked for and refused: changes, unknown tools, arguments that do not fit. */
  refused: readonly { tool: string; because: string }[]
  models: readonly ModelUse[]
  /** What people should know: a budget is spent, the cloud was not asked. */
  degraded: readonly string[]
  tokens: number
  microUsd: number
}

/** Which model said it, and why it was asked. */
export interface ModelUse {
  model: string
  place: 'local' | 'cloud'
  reason: string
  because: string
}

/** A report as it is kept with an incident: its evidence is in rows of their own. */
export interface KeptReport extends Omit<Report, 'conclusion' | 'evidence'> {
  conclusion?: Conclusion
  evidence: readonly Omit<Evidence, 'text'>[]
}

/** One that came to nothing by an error of ours; the sentence is for people. */
export interface FailedReport {
  failed: string
}

/** What people see of an investigation of an incident. */
export interface InvestigationView {
  id: string
  round: number
  /** `agent`, or a person's name. */
  askedBy: string
  status: 'waiting' | 'running' | 'done'
  progress: string | null
  /** Null until it has ended. */
  report: KeptReport | FailedReport | null
  createdAt: Date
  endedAt: Date | null
}
