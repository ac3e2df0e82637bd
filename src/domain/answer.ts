import type { ProposedPlan } from './investigation.ts'

/** A sentence of an answer, and the words it rests on. */
export type AnswerLine = {
  text: string
  cites: { evidence: string; source: string; quote: string }[]
}

/**
 * What a question came to: the report of an investigation of the kind `question`. Texts are plain and untrusted; whoever shows
 * them escapes them.
 */
export type Answer = {
  kind: 'answer'
  /** `rules`: no model was asked, or none could help. */
  by: 'model' | 'rules'
  lines: AnswerLine[]
  /** Said by Watchkeeper itself: what became of a request, what could not be seen, what can be asked. */
  notes: string[]
  models: { model: string; place: 'local' | 'cloud'; reason: string; because: string }[]
  degraded: string[]
  evidence: { id: string; source: string; text: string }[]
  /** Claims that no evidence held, and were dropped. */
  unsupported: number
  looks: number
  refused: { tool: string; because: string }[]
  tokens: number
  microUsd: number
  /** What the person wants done, where it was a request that may be proposed. */
  plan: ProposedPlan | null
}

/** What a named investigation came to: the report of one of the kind `named`. */
export type NamedAnswer = {
  kind: 'named'
  /** Why it was not begun, or not kept; null where it was. */
  problem: string | null
  /** Its page, without secrets. */
  markdown: string
  /** The name of its file in the folder of reports. */
  file: string
  notes: string[]
}
