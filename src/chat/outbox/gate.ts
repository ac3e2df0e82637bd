import { type Failure, MessengerError } from './messenger.ts'
import { resting } from './resting.ts'

export interface GateOptions {
  /** Calls in any 60 s; 0 for no limit. */
  perMinute: number
  now?: () => number
  /** Told until when (unix ms) the chat is closed, so that other replicas can keep to it too. Must not reject. */
  onPause?: (until: number) => Promise<void>
  /** Until when (unix ms) others were told to wait, or 0: asked before each call, for the chat is one and its replicas are many. */
  pausedElsewhere?: () => Promise<number>
  /** Longest pause while the messenger is out of reach; 30 s unless told. */
  longestBackoffMs?: number
}

/** The one way to a chat: holds its rate budget, the waits it was told, and the backoff while it is out of reach. */
export interface Gate {
  /** Resolves when a call could go out now. Rejects when `signal` aborts. */
  open(signal?: AbortSignal): Promise<void>
  /** Waits for its turn, then calls. What the call throws is thrown on, after the gate has drawn its consequences. */
  run<T>(call: () => Promise<T>, signal?: AbortSignal): Promise<T>
  /** As `run`, for what only asks whether somebody is there: that costs no rate, and proves nothing about messages. */
  probe<T>(call: () => Promise<T>, signal?: AbortSignal): Promise<T>
  /** Nothing before this time (unix ms). */
  pause(until: number): void
  /** Calls that the rate leaves for now. */
  free(): number
  /** Whether the messenger was out of reach at the last try: then one call at a time feels its way. */
  readonly doubtful: boolean
  /** What a person must mend before anything goes through, in a sentence; null when nothing is known to be wrong. */
  readonly trouble: string | null
}

const MINUTE = 60_000
/** The two clocks do not tick alike: a call is never early. */
const MARGIN_MS = 50
const FIRST_BACKOFF_MS = 500
const OUT_OF_REACH: ReadonlySet<Failure> = new Set(['unknown', 'failed', 'unreached', 'closed'])

/**
 * A sliding window of 60 s, not a bucket: Telegram counts the last minute, and a bucket lets twice its size through within
 * one. A call counts from when its answer came, which is never before Telegram counted it. Calls go one at a time: one
 * that is still under way when another is told to wait would be early.
 */
export function chatGate({
  perMinute,
  now = Date.now,
  onPause,
  pausedElsewhere,
  longestBackoffMs = 30_000,
}: GateOptions): Gate {
  let answered: number[] = []
  let pausedUntil = 0
  let failures = 0
  let trouble: string | null = null
  let turn: Promise<void> = Promise.resolve()

  function free(): number {
    if (perMinute === 0) return Number.POSITIVE_INFINITY
    const at = now()
    answered = answered.filter((time) => time > at - MINUTE)
    return perMinute - answered.length
  }

  function opensAt(): number {
    if (free() > 0) return pausedUntil
    const leaving = answered[answered.length - perMinute] ?? 0
    return Math.max(pausedUntil, leaving + MINUTE + MARGIN_MS)
  }

  function pause(until: number): void {
    if (until > pausedUntil) pausedUntil = until
  }

  async function learnFrom(error: unknown): Promise<void> {
    const failure = error instanceof MessengerError ? error.failure : undefined
    if (error instanceof MessengerError && failure === 'closed') trouble = error.message
    if (error instanceof MessengerError && failure === 'wait') {
      pause(now() + error.waitMs + MARGIN_MS)
      await onPause?.(pausedUntil)
    } else if (failure !== undefined && OUT_OF_REACH.has(failure)) {
      failures += 1
      const backoff = Math.min(longestBackoffMs, FIRST_BACKOFF_MS * 2 ** (failures - 1))
      pause(now() + backoff * (0.75 + Math.random() / 4))
    } else failures = 0
  }

  async function open(signal?: AbortSignal): Promise<void> {
    for (;;) {
      signal?.throwIfAborted()
      const wait = opensAt() - now()
      if (wait > 0) await resting(Math.min(wait, 1_000), signal)
      else {
        pause((await pausedElsewhere?.()) ?? 0)
        if (opensAt() <= now()) break
      }
    }
    signal?.throwIfAborted()
  }

  /** Calls when everything that came before has its answer. */
  async function inTurn<T>(call: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const before = turn
    const { promise, resolve: done } = Promise.withResolvers<void>()
    turn = promise
    try {
      await before
      await open(signal)
      return await call()
    } catch (error) {
      await learnFrom(error)
      throw error
    } finally {
      done()
    }
  }

  return {
    open,
    run: (call, signal) =>
      inTurn(async () => {
        const result = await call().finally(() => perMinute > 0 && answered.push(now()))
        failures = 0
        trouble = null
        return result
      }, signal),
    probe: inTurn,
    pause,
    free,
    get doubtful() {
      return failures > 0
    },
    get trouble() {
      return trouble
    },
  }
}
