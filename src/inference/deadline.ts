import { ModelError } from './model-error.ts'

/** A signal that aborts at the deadline or with the caller's own, whichever comes first. */
export function within({ deadlineMs, signal }: { deadlineMs: number; signal?: AbortSignal }): AbortSignal {
  const late = AbortSignal.timeout(Math.max(1, Math.floor(deadlineMs)))
  return signal ? AbortSignal.any([signal, late]) : late
}

/** What a signal of `within` that has aborted comes to. */
export function abortedError(vendor: string, { signal, deadlineMs }: { deadlineMs: number; signal?: AbortSignal }) {
  return signal?.aborted
    ? new ModelError('cancelled', `The call of ${vendor} was called off.`)
    : new ModelError('deadline', `${vendor} did not answer within ${Math.round(deadlineMs)} ms.`)
}
