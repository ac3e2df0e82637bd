import type { JsonObject } from './json.ts'

/**
 * A runbook: what is known about one kind of trouble, written for people and executable by the agent.
 *
 * Types only. Durations are milliseconds; expressions are CEL; arguments may hold `${…}` templates, which are rendered
 * from inputs and from what the checks returned before anything reaches a tool.
 */

/** Arguments of a tool call, by name. Before rendering, strings in it may be templates. */
export type Args = JsonObject

/**
 * How much a runbook may do without being asked: each action by a tap, the whole plan by one tap, or at once and told
 * afterwards. A runbook names only its ceiling; the level itself is earned and kept in the ledger.
 */
export type Level = 'manual' | 'prompted' | 'standard'

/** What a value from outside must look like before it may reach a tool. */
export type Format =
  | 'dns-label'
  | 'dns-name'
  | 'workload'
  | 'node-name'
  | 'integer'
  | 'quantity'
  | 'guest-id'
  | 'duration'
  | 'text'

/** One label matcher in Alertmanager's own syntax; `value` is unquoted, and a regular expression for `=~` and `!~`. */
export interface Matcher {
  readonly label: string
  readonly operator: '=' | '!=' | '=~' | '!~'
  readonly value: string
}

/** Which alerts a runbook is for: one of the names (any, when there are none) and all of the matchers. */
export interface RunbookMatch {
  readonly alertnames: readonly string[]
  readonly matchers: readonly Matcher[]
}

/** A named value the runbook needs, where it comes from and what it must look like. */
export interface RunbookInput {
  readonly name: string
  /** `alert.labels.x`, `alert.annotations.x` or `checks.ID.result.path`. */
  readonly from: string
  readonly format: Format
  /** Stands in where the source is absent or empty; never where its value does not fit. */
  readonly default?: string | number
}

/**
 * A look at the platform, by a tool that only reads. A required check must answer, and hold where it has an `expect`,
 * before any step is proposed; a check that is not required only adds evidence.
 */
export interface Check {
  readonly id: string
  readonly tool: string
  readonly args: Args
  /** CEL over `result` (this check's), `inputs`, `alert` and the `checks` before it. */
  readonly expect?: string
  readonly required: boolean
  /** What it shows when it holds, in a few words for people. */
  readonly shows?: string
}

/** The way back from a step: a call with its complete arguments, or the reason why there is none. */
export type Rollback =
  | { readonly kind: 'call'; readonly tool: string; readonly args: Args }
  | { readonly kind: 'none'; readonly because: string }

/** One change. */
export interface Step {
  readonly id: string
  readonly tool: string
  readonly args: Args
  /** Absent only where the file forgot it; the lint calls that an error. */
  readonly rollback?: Rollback
  /** What it does, in a few words for people. */
  readonly does?: string
  /** What it costs while it runs: downtime, load. */
  readonly costs?: string
}

/** The platform itself says that it is sound again, within a time counted from the end of the last step. */
export interface ToolVerification {
  readonly kind: 'tool'
  readonly tool: string
  readonly args: Args
  /** CEL over `result` (this call's), `inputs`, `alert` and `checks` (as they were before the change). */
  readonly expect?: string
  readonly withinMs: number
}

/** The alert clears within a time and stays clear for another. */
export interface AlertVerification {
  readonly kind: 'alert'
  readonly withinMs: number
  readonly forMs: number
}

export type VerifyClause = ToolVerification | AlertVerification

/** A place in a file, both counted from 1. */
export interface Position {
  readonly line: number
  readonly column: number
}

/** Where a runbook was read from; `positions` go by JSON pointer into its front matter, such as `/steps/0/args`. */
export interface RunbookSource {
  readonly path: string
  readonly positions: Readonly<Record<string, Position>>
}

export interface Runbook {
  readonly id: string
  readonly title: string
  /**
   * Lowercase hex SHA-256 over the canonical JSON of the executable part (match, inputs, checks, steps, verify,
   * ceiling): prose and titles may change without it. People are shown its first 12 characters.
   */
  readonly version: string
  readonly match: RunbookMatch
  readonly ceiling: Level
  readonly inputs: readonly RunbookInput[]
  readonly checks: readonly Check[]
  /** None for a runbook that only advises. */
  readonly steps: readonly Step[]
  readonly verify: readonly VerifyClause[]
  /** The Markdown below the front matter. */
  readonly prose: string
  readonly source: RunbookSource
}

/** Something to change in a runbook file. Errors keep it from being used; warnings do not; a note only informs. */
export interface Problem {
  readonly path: string
  readonly line: number
  readonly column?: number
  readonly severity: 'error' | 'warning'
  readonly message: string
  readonly hint?: string
}
