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

export interface Cause {
  title: string
  claims: readonly Claim[]
  /** The model's own estimate, 0 to 1: recorded, and nothing rests on it. */
  confidence: number
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
  /** Tool calls that were asked for and refused: changes, unknown tools, arguments that do not fit. */
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
