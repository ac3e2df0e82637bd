/** Waits, but no longer than until `signal` aborts; never rejects. */
export function resting(ms: number, signal?: AbortSignal): Promise<void> {
  return cuttable(ms, signal).done
}

/** A rest that can also be cut short from outside. */
function cuttable(ms: number, signal?: AbortSignal): { done: Promise<void>; cut: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(cut, ms)
  signal?.addEventListener('abort', cut, { once: true })
  function cut(): void {
    clearTimeout(timer)
    signal?.removeEventListener('abort', cut)
    resolve()
  }
  if (signal?.aborted) cut()
  return { done: promise, cut }
}

/** Something to wait on until it is rung. A ring while nobody waits is kept for the next. */
export interface Bell {
  ring(): void
  wait(ms: number, signal?: AbortSignal): Promise<void>
}

export function bell(): Bell {
  let rung = false
  let wake: (() => void) | undefined
  return {
    ring() {
      rung = true
      wake?.()
    },
    async wait(ms, signal) {
      if (!rung) {
        const rest = cuttable(ms, signal)
        wake = rest.cut
        await rest.done
        wake = undefined
      }
      rung = false
    },
  }
}
