import type { Usage } from './chat-model.ts'
import type { ModelFailure } from './model-error.ts'

/** A call that is about to be made. */
export interface CallEntry {
  incident: number | null
  critical: boolean
  /** What it is for: `investigate`. */
  purpose: string
  /** Prompt and version: `investigate@1`. */
  prompt: string
  provider: string
  model: string
  place: 'local' | 'cloud'
  /** Why this model: how it came to be asked, and in words. */
  reason: string
  because: string
  repair: boolean
  /** What it may come to at most. */
  reservedTokens: number
  reservedMicroUsd: number
  redacted: Readonly<Record<string, number>>
}

/** How it ended. */
export interface CallEnd {
  usage: Usage
  microUsd: number
  /** Tokens that count in the budgets. */
  tokens: number
  latencyMs: number
  /** Undefined when it answered. */
  failure?: ModelFailure
}

export type Opened = { id: string } | { refused: string }

/** Every call of a model, reserved before and settled after, so that budgets hold whoever else is calling. */
export interface CallBook {
  /** Reserves what the call may come to; `refused` says which budget is spent. */
  open(entry: CallEntry): Promise<Opened>
  close(id: string, end: CallEnd): Promise<void>
}
