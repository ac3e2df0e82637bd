/**
 * Errors, sorted by who must act. Anything that is none of these is a bug: logged once, with its stack.
 * A vendor's own error is converted in its adapter and kept as `cause`.
 */

export type ErrorContext = { cause?: unknown }

/** A person can mend it. The message is a sentence that says what to change, and is safe to show to anyone. */
export class OperatorError extends Error {
  override readonly name: string = 'OperatorError'

  constructor(message: string, context: ErrorContext = {}) {
    super(message, context)
  }
}

/** One thing that is missing or wrong in the configuration. Neither field may ever hold a configured value. */
export type ConfigurationProblem = {
  /** The variable's name, such as `TELEGRAM_CHAT_ID`. */
  variable: string
  /** What to set it to, as a clause: `set it to the numeric id of the chat`. */
  remedy: string
}

/** Stops the start. Holds every problem at once, so that one round of editing mends them all. */
export class ConfigurationError extends OperatorError {
  override readonly name = 'ConfigurationError'
  readonly problems: readonly ConfigurationProblem[]

  constructor(problems: readonly ConfigurationProblem[], context: ErrorContext = {}) {
    super(describe(problems), context)
    this.problems = problems
  }
}

export type UpstreamFailure = ErrorContext & {
  /** Who failed, as people know it: `Telegram`, `Alertmanager`. */
  vendor: string
  /** The HTTP status, where there was an answer. */
  status?: number
  /** Whether the same call may succeed later without anybody changing anything. */
  retryable: boolean
}

/** Something outside failed: it was down, slow, or refused. */
export class UpstreamError extends Error {
  override readonly name = 'UpstreamError'
  readonly vendor: string
  readonly status: number | undefined
  readonly retryable: boolean

  constructor(message: string, { vendor, status, retryable, ...context }: UpstreamFailure) {
    super(message, context)
    this.vendor = vendor
    this.status = status
    this.retryable = retryable
  }
}

function describe(problems: readonly ConfigurationProblem[]): string {
  const lines = problems.map(({ variable, remedy }) => `  ${variable}: ${remedy}`)
  const count = problems.length === 1 ? 'one setting' : `${problems.length} settings`
  return [`The configuration cannot be used; ${count} must change:`, ...lines].join('\n')
}
