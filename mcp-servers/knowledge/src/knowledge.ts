/** A page that was found, and why. `likelihood` that it fits runs from 0 to 1. */
export type Found = {
  collection: string
  id: string
  title: string
  source: string
  because: string
  likelihood: number
  facts: Readonly<Record<string, unknown>>
  excerpt: { heading: string; text: string }
}

export type Answer = { found: readonly Found[]; fits: boolean; because: string; degraded?: string | undefined }

export type Question = { collection: string; alertname?: string; summary?: string; description?: string; limit: number }

export type Runbook = {
  id: string
  title: string
  version: string
  alertnames: readonly string[]
  ceiling: string
  checks: readonly { id: string; tool: string }[]
  steps: readonly { id: string; tool: string }[]
  prose: string
}

export type RunbookStats = {
  runbook: string
  ran: number
  outcomes: Readonly<Record<string, number>>
  succeeded: number
  failed: number
  last: string | null
}

/** What the tools ask of a Watchkeeper. Throws `ToolError`; every call ends with its signal. */
export interface Knowledge {
  readonly name: string
  search(question: Question, signal: AbortSignal): Promise<Answer>
  /** Throws `not_found`. */
  runbook(id: string, signal: AbortSignal): Promise<Runbook>
  stats(id: string, signal: AbortSignal): Promise<RunbookStats>
}
