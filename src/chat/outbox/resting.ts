/** Waits, but no longer than until `signal` aborts; never rejects. */
export function resting(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve()
    const timer = setTimeout(done, ms)
    signal?.addEventListener('abort', done, { once: true })
    function done(): void {
      clearTimeout(timer)
      signal?.removeEventListener('abort', done)
      resolve()
    }
  })
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
        const heard = new AbortController()
        wake = () => heard.abort()
        await resting(ms, signal ? AbortSignal.any([signal, heard.signal]) : heard.signal)
        wake = undefined
      }
      rung = false
    },
  }
}
