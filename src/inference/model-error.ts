/**
 * How a call of a model failed, by what follows from it:
 * deadline: too slow · cancelled: we did not want it any more · rate_limited, overloaded: later perhaps · unreachable: nobody
 * there · unauthorized: a person must change the key · not_found: a person must change the model's name · too_long: it does
 * not fit the context · malformed: the answer cannot be read · cut: the answer broke off · failed: anything else.
 */
export type ModelFailure =
  | 'deadline'
  | 'cancelled'
  | 'rate_limited'
  | 'overloaded'
  | 'unreachable'
  | 'unauthorized'
  | 'not_found'
  | 'too_long'
  | 'malformed'
  | 'cut'
  | 'failed'

/** A model did not answer. The message is a sentence for people; it never holds anything of the request or the answer. */
export class ModelError extends Error {
  override readonly name = 'ModelError'
  readonly failure: ModelFailure
  /** For `rate_limited` and `overloaded`: milliseconds, where the provider named them. */
  readonly retryAfterMs: number | undefined

  constructor(failure: ModelFailure, message: string, context: { retryAfterMs?: number; cause?: unknown } = {}) {
    super(message, { cause: context.cause })
    this.failure = failure
    this.retryAfterMs = context.retryAfterMs
  }

  /** Whether the provider may have worked on it, so that it may have to be paid for. */
  get mayCost(): boolean {
    return ['deadline', 'cancelled', 'malformed', 'cut', 'failed'].includes(this.failure)
  }
}
