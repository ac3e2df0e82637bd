import { randomUUID } from 'node:crypto'
import { dropLease, keepAlive, takeLease } from '../incidents/leases.ts'
import type { Sql } from '../storage/postgres.ts'
import { resting } from './outbox/resting.ts'

export interface DutyOptions {
  /** `duty:telegram` */
  name: string
  /** Who it is, for people who look at the leases; made unique here. */
  instance: string
  /** How long a holder that is gone keeps the others out. */
  ttlMs: number
  /** Told when the work ends by an error; it is begun again. */
  onError?: (error: unknown) => void
}

export interface Duty {
  /** Whether this replica has it now. */
  readonly held: boolean
  /** Ends the work, then gives the duty back: another replica has it within a second. */
  stop(): Promise<void>
}

const WAIT_MS = 1_000

/**
 * Runs `work` on one replica at a time: whoever gets the lease works until `signal` aborts, which it does at once when the
 * lease is lost, or could not be confirmed for a whole life of it. The others take over `ttlMs` after a kill at the latest,
 * give or take a second.
 */
export function onDuty(
  sql: Sql,
  { name, instance, ttlMs, onError }: DutyOptions,
  work: (signal: AbortSignal) => Promise<void>,
): Duty {
  const holder = `${instance}/${randomUUID()}`
  const stopping = new AbortController()
  let held = false

  async function serve(): Promise<void> {
    const lease = await takeLease(sql, name, holder, ttlMs)
    if (!lease) return
    const kept = keepAlive(sql, lease, { ttlMs, everyMs: Math.ceil(ttlMs / 4) })
    held = true
    try {
      await work(AbortSignal.any([kept.signal, stopping.signal]))
    } finally {
      held = false
      kept.stop()
      await dropLease(sql, lease).catch(() => {})
    }
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      await serve().catch((error: unknown) => {
        if (!stopping.signal.aborted) onError?.(error)
      })
      await resting(WAIT_MS, stopping.signal)
    }
  }

  const running = run()
  return {
    get held() {
      return held
    },
    async stop() {
      stopping.abort(new Error('stopping'))
      await running
    },
  }
}
