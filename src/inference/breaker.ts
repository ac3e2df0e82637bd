import type { ModelError } from './model-error.ts'

/** Keeps calls from a model that does not answer anyway. */
export interface Breaker {
  /** Milliseconds until it may be tried again; 0 when it may. A half-open breaker lets one call through at a time. */
  closedFor(): number
  /** Says that a call begins; every call ends with one of the others. */
  begin(): void
  succeeded(): void
  failed(error: ModelError): void
}

const FAILURES = 3
const FIRST_MS = 30_000
const MOST_MS = 5 * 60_000

/**
 * Opens after three failures in a row, or at once when the provider says how long to wait or refuses the key; then for half a
 * minute, and for twice as long with each further failure, five minutes at most. `now` in milliseconds.
 */
export function breaker(now: () => number): Breaker {
  let inRow = 0
  let openFor = FIRST_MS
  let until = 0
  let probing = false

  function open(milliseconds: number): void {
    until = now() + Math.min(milliseconds, MOST_MS)
    openFor = Math.min(openFor * 2, MOST_MS)
  }

  return {
    closedFor: () => (until > now() ? until - now() : probing ? FIRST_MS : 0),
    begin() {
      probing = until !== 0
    },
    succeeded() {
      inRow = 0
      openFor = FIRST_MS
      until = 0
      probing = false
    },
    failed({ failure, retryAfterMs }) {
      const wasProbing = probing
      probing = false
      // Not the model's fault: it was never asked, or did what it was asked.
      if (failure === 'cancelled' || failure === 'too_long') return
      inRow += 1
      if (retryAfterMs !== undefined) open(retryAfterMs)
      else if (failure === 'unauthorized' || failure === 'not_found') open(MOST_MS)
      else if (inRow >= FAILURES || wasProbing) open(openFor)
    },
  }
}
