/**
 * What a simulated model does instead of answering: hang: takes the request and never answers · trickle: a token a second ·
 * malformed: something that is not JSON · invented: a tool that nobody has · cut: breaks off in the middle · 429, 529, 500,
 * 401: refuses · refuse: connects and drops.
 */
export type ModelFault =
  | 'hang'
  | 'trickle'
  | 'malformed'
  | 'invented'
  | 'cut'
  | 'refuse'
  | '429'
  | '529'
  | '500'
  | '401'

/** One answer of a script: a text, or one tool call. */
export interface ScriptedTurn {
  text?: string
  tool?: string
  args?: Record<string, unknown>
  fault?: ModelFault
  /** With 429 and 529: seconds. */
  retryAfter?: number
}

/** What is asked, as far as a script may decide by it. */
export interface SeenRequest {
  /** Every text of it, one after another. */
  text: string
  tools: readonly string[]
  /** Answers that the conversation has already. */
  turn: number
}

/** Says what a model answers. Undefined: nothing is scripted, and the call fails with 500. */
export type Script = (seen: SeenRequest) => ScriptedTurn | undefined

/** Answers in this order, the last one for ever. */
export function inOrder(...turns: ScriptedTurn[]): Script {
  let next = 0
  return () => {
    const turn = turns[Math.min(next, turns.length - 1)]
    next += 1
    return turn
  }
}

/** About as many tokens as a tokenizer would find. */
export function tokensIn(text: string): number {
  return Math.ceil(text.length / 4)
}
