import { setTimeout as wait } from 'node:timers/promises'

export type Kept = {
  /** The process id of the server now; undefined while it is being brought back. */
  pid(): number | undefined
  /** Resolves with what the last attempt failed with, when it is given up. */
  lost: Promise<unknown>
  /** Looks no more; resolves when an attempt under way has ended. */
  stop(): Promise<void>
}

export type KeepOptions = {
  isRunning(pid: number): Promise<boolean>
  /** Starts it again and answers its process id. */
  bringBack(): Promise<number>
  /** Whether another attempt cannot change what this one failed with. */
  isHopeless(error: unknown): boolean
  /** Told in a sentence when it has ended, when an attempt fails, and when it is back. */
  tell(sentence: string): void
  /** Milliseconds between looks. */
  lookMs?: number
  /** Milliseconds before each attempt; when there are no more, it is given up. */
  pausesMs?: readonly number[]
  /** Milliseconds after which a server that was brought back counts as well again. */
  calmMs?: number
}

/** What ended a server may last, such as a machine short of memory, so each attempt waits longer than the one before. */
const PAUSES_MS = [0, 1_000, 2_000, 4_000, 8_000, 16_000]

/**
 * Watches a server by its process id, for one that was adopted is nobody's child here, and brings it back when it ends without
 * having been asked to. Never keeps the process alive by itself.
 */
export function keepRunning(first: number, options: KeepOptions): Kept {
  const { isRunning, bringBack, isHopeless, tell, lookMs = 1_000, pausesMs = PAUSES_MS, calmMs = 60_000 } = options
  const stopping = new AbortController()
  const { promise: lost, resolve: giveUp } = Promise.withResolvers<unknown>()
  let pid: number | undefined = first

  async function watch(): Promise<void> {
    let attempts = 0
    let backSince = performance.now()
    let failure: unknown = new Error('it ended again and again')
    while (await rested(lookMs)) {
      if (pid !== undefined && (await isRunning(pid))) continue
      if (pid !== undefined) {
        pid = undefined
        if (performance.now() - backSince > calmMs) attempts = 0
        tell('The embedded Postgres ended without having been asked to. It is started again.')
      }
      const pause = pausesMs[attempts]
      attempts += 1
      if (pause === undefined) return giveUp(failure)
      if (!(await rested(pause))) return
      try {
        pid = await bringBack()
        backSince = performance.now()
        tell('The embedded Postgres is back.')
      } catch (error) {
        failure = error
        tell(`The embedded Postgres could not be started again (attempt ${attempts} of ${pausesMs.length}).`)
        if (isHopeless(error)) return giveUp(error)
      }
    }
  }

  /** False when nothing is to be watched any more. */
  async function rested(ms: number): Promise<boolean> {
    await wait(ms, undefined, { ref: false, signal: stopping.signal }).catch(() => {})
    return !stopping.signal.aborted
  }

  const watching = watch()
  return {
    pid: () => pid,
    lost,
    async stop() {
      stopping.abort()
      await watching
    },
  }
}
