import type { Logger } from 'pino'
import type { IncidentGraph } from './graph/graph.ts'
import { advance } from './graph/runner.ts'
import { INCIDENT_QUEUE, sweep } from './incidents/wake.ts'
import { isUnavailable, type Sql } from './storage/postgres.ts'
import type { Queue } from './storage/queue.ts'

/** How often graphs that should move and do not are looked for. */
export const SWEEP_MS = 250
/** How long steps under way may take to come to a rest when the process is asked to stop. */
const DRAIN_MS = 8_000
/** Longest pause between sweeps while the database is away. */
const SWEEP_BACKOFF_MS = 15_000

export interface WorkerDeps {
  sql: Sql
  queue: Queue
  graph: IncidentGraph
  instance: string
  concurrency: number
  log: Logger
}

/**
 * Moves incidents: takes the queue's jobs, and four times a second sweeps for timers that are due and graphs that a lost hint left
 * standing. Stopping waits for the steps under way; what is cut off goes on elsewhere.
 */
export function incidentWorker(deps: WorkerDeps): { start(): Promise<void>; stop(): Promise<void> } {
  const { sql, queue, graph, instance, concurrency, log } = deps
  const ending = new AbortController()
  const stopping = new AbortController()
  let sweeping: Promise<void> | undefined

  async function sweepUntilStopped(): Promise<void> {
    let pause = SWEEP_MS
    while (!ending.signal.aborted) {
      await resting(pause, ending.signal)
      if (ending.signal.aborted) return
      try {
        await sweep(sql, queue)
        pause = SWEEP_MS
      } catch (error) {
        if (!isUnavailable(error)) log.error({ err: error }, 'the sweep failed')
        pause = Math.min(pause * 2, SWEEP_BACKOFF_MS)
      }
    }
  }

  return {
    async start() {
      await queue.work<{ incident: number }>(INCIDENT_QUEUE, { concurrency }, async ({ data, signal }) => {
        try {
          await advance({ sql, graph, instance }, data.incident, AbortSignal.any([signal, stopping.signal]))
        } catch (error) {
          // The incident keeps its wish, so the sweeper brings it back once the lease has run out: that is the backoff.
          if (!stopping.signal.aborted)
            log.error({ err: error, incident: data.incident }, 'a step of an incident failed')
        }
      })
      sweeping = sweepUntilStopped()
    },
    async stop() {
      ending.abort()
      await sweeping
      await queue.stop({ timeoutMs: DRAIN_MS })
      stopping.abort(new Error('stopping'))
    },
  }
}

function resting(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done, { once: true })
    function done(): void {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
  })
}
