/** What a refused grant can be refused for. */
export type GrantErrorCode = 'grant_missing' | 'grant_invalid' | 'grant_expired' | 'grant_replayed' | 'grant_mismatch'

export type ToolErrorCode =
  | 'not_found'
  | 'forbidden'
  | 'invalid'
  | 'conflict'
  | 'unreachable'
  | 'timeout'
  | 'refused'
  | 'internal'
  | GrantErrorCode

type ErrorOptions = { retryable?: boolean; cause?: unknown }

/** A failure whose text may be shown to whoever called the tool; `code` is for branching, the message for reading. */
export class ToolError extends Error {
  readonly code: ToolErrorCode
  readonly retryable: boolean

  constructor(code: ToolErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = new.target.name
    this.code = code
    this.retryable = options.retryable ?? false
  }
}

/** The caller must change the call: its arguments, its target or its grant. */
export class CallerError extends ToolError {
  constructor(
    code: 'not_found' | 'invalid' | 'conflict' | 'refused' | GrantErrorCode,
    message: string,
    cause?: unknown,
  ) {
    super(code, message, { cause })
  }
}

/** The person who runs the server must act: a credential is missing a privilege, or was not accepted. */
export class CredentialError extends ToolError {
  constructor(message: string, cause?: unknown) {
    super('forbidden', message, { cause })
  }
}

/** The platform failed or did not answer in time; the same call may work later. */
export class UpstreamError extends ToolError {
  constructor(code: 'unreachable' | 'timeout', message: string, cause?: unknown) {
    super(code, message, { retryable: true, cause })
  }
}

/** The server cannot start as configured: every problem at once, each a sentence that says what to change. */
export class ConfigurationError extends Error {
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(problems.join('\n'))
    this.name = 'ConfigurationError'
    this.problems = problems
  }
}

/**
 * Turns whatever was thrown into a `ToolError`. An abort becomes the reason it was aborted with; anything unknown is
 * `internal` and keeps its cause for the log, but not its text, which may hold what a caller should not read.
 */
export function toToolError(error: unknown, signal?: AbortSignal): ToolError {
  if (error instanceof ToolError) return error
  if (signal?.aborted) {
    if (signal.reason instanceof ToolError) return signal.reason
    return new UpstreamError('timeout', 'The call was cancelled before the platform answered.', error)
  }
  return new ToolError('internal', 'The server failed in a way it does not know. Its log has the details.', {
    cause: error,
  })
}
