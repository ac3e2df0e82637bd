import { abortedError } from './deadline.ts'

/** Lets so many through at once, the others in the order they came. */
export interface Slots {
  /** Runs `work` when there is room. Throws ModelError when the signal aborts before that. */
  run<T>(signal: AbortSignal, options: { deadlineMs: number; signal?: AbortSignal }, work: () => Promise<T>): Promise<T>
  inUse(): number
}

export function slots(most: number): Slots {
  const waiting: (() => void)[] = []
  let used = 0

  async function enter(signal: AbortSignal, options: { deadlineMs: number; signal?: AbortSignal }): Promise<void> {
    if (used < most) {
      used += 1
      return
    }
    await new Promise<void>((resolve, reject) => {
      const gone = () => {
        waiting.splice(waiting.indexOf(mine), 1)
        reject(abortedError('The local model, still busy with others,', options))
      }
      // The slot is handed over: `used` stays as it is.
      const mine = () => {
        signal.removeEventListener('abort', gone)
        resolve()
      }
      if (signal.aborted) return reject(abortedError('The local model', options))
      signal.addEventListener('abort', gone, { once: true })
      waiting.push(mine)
    })
  }

  return {
    inUse: () => used,
    async run(signal, options, work) {
      await enter(signal, options)
      try {
        return await work()
      } finally {
        const next = waiting.shift()
        if (next) next()
        else used -= 1
      }
    },
  }
}
