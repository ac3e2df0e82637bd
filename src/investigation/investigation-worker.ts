import type { Json } from '../domain/json.ts'
import { lockIncident } from '../incidents/incident-rows.ts'
import { inTransaction, isUnavailable, type Sql, type Tx } from '../storage/postgres.ts'
import type { Queue } from '../storage/queue.ts'
import {
  beginInvestigation,
  endInvestigation,
  findInvestigation,
  giveBackInvestigation,
  type Investigation,
  type InvestigationKind,
  MOST_ATTEMPTS,
  noteProgress,
  queueOf,
} from './investigation-rows.ts'
import { pruneInvestigations, sweepInvestigations } from './investigation-sweep.ts'

/** What one came to, and what is to be written together with it: the card, an answer, a plan that is asked for. */
export interface Ended {
  report: Json
  recording: Json | null
  /** Runs in the transaction that ends it, and so once. */
  tell(tx: Tx): Promise<void>
}

export interface Investigating {
  signal: AbortSignal
  /** What is being done just now; told at most every two seconds. */
  progress(line: string): void
}

/** Looks into one thing. May be run again from its beginning when a process died: nothing outside may change by it. */
export type LookInto = (investigation: Investigation, run: Investigating) => Promise<Ended>

export interface InvestigationWorkerDeps {
  sql: Sql
  queue: Queue
  log: { error(about: object, message: string): void }
  /** How many of each kind at once in this process. */
  concurrency: Readonly<Record<InvestigationKind, number>>
  kinds: Partial<Record<InvestigationKind, LookInto>>
  /** Told of each line of progress: who waits for it in the chat should see it. */
  onProgress?: (investigation: Investigation, line: string) => void
  /** Tells people that one came to nothing, in the transaction that ends it. */
  tellFailure?: (tx: Tx, investigation: Investigation) => Promise<void>
  /** Milliseconds between looks for what was left lying; a minute unless told. */
  sweepEveryMs?: number
}

const SWEEP_MS = 60_000
const PROGRESS_EVERY_MS = 2_000

/**
 * Takes what is to be looked into from its queues. No alert, card or press ever waits for it. One that fails three times,
 * or ends its process, ends with a report that says so; so does one that its job forgot.
 */
export function investigationWorker(deps: InvestigationWorkerDeps): { start(): Promise<void>; stop(): void } {
  const { sql, queue, log, kinds } = deps
  const kindsHere = Object.keys(kinds) as InvestigationKind[]
  const stopping = new AbortController()

  async function work(id: string, signal: AbortSignal): Promise<void> {
    const investigation = await beginInvestigation(sql, id)
    if (!investigation) return await giveUp(id)
    const lookInto = kinds[investigation.kind]
    if (!lookInto) return
    try {
      const run = { signal, progress: paced((line) => report(investigation, line)) }
      const { report: found, recording, tell } = await lookInto(investigation, run)
      if (stopping.signal.aborted) throw new Error('The process stops; it is looked into anew elsewhere.')
      await end(investigation, { report: found, recording }, tell)
    } catch (error) {
      if (stopping.signal.aborted) await giveBackInvestigation(sql, investigation).catch(() => undefined)
      if (stopping.signal.aborted || isUnavailable(error) || investigation.attempts < MOST_ATTEMPTS) throw error
      log.error({ err: error, investigation: id }, 'an investigation failed')
      await giveUp(id)
    }
  }

  /** The incident is locked first, as everybody does who writes about one. */
  async function end(
    { id, incident }: Investigation,
    ended: Pick<Ended, 'report' | 'recording'>,
    tell: Ended['tell'],
  ): Promise<void> {
    await inTransaction(sql, async (tx) => {
      if (incident !== null) await lockIncident(tx, incident)
      if (await endInvestigation(tx, id, ended)) await tell(tx)
    })
  }

  async function giveUp(id: string): Promise<void> {
    const investigation = await findInvestigation(sql, id)
    if (investigation) await end(investigation, FAILED, async (tx) => await deps.tellFailure?.(tx, investigation))
  }

  async function sweep(): Promise<void> {
    try {
      for (const id of await sweepInvestigations(sql, queue, kindsHere)) await giveUp(id)
      await pruneInvestigations(sql)
    } catch (error) {
      if (!stopping.signal.aborted && !isUnavailable(error))
        log.error({ err: error }, 'what was left lying could not be looked for, nor what is old be forgotten')
    }
  }

  function report(investigation: Investigation, line: string): void {
    deps.onProgress?.(investigation, line)
    void noteProgress(sql, investigation.id, line).catch(() => undefined)
  }

  return {
    async start() {
      for (const kind of kindsHere)
        await queue.work<{ investigation: string }>(
          queueOf(kind),
          { concurrency: deps.concurrency[kind] },
          ({ data, signal }) => work(data.investigation, AbortSignal.any([signal, stopping.signal])),
        )
      let sweeping = false
      const timer = setInterval(() => {
        if (sweeping) return
        sweeping = true
        void sweep().finally(() => {
          sweeping = false
        })
      }, deps.sweepEveryMs ?? SWEEP_MS)
      timer.unref()
      stopping.signal.addEventListener('abort', () => clearInterval(timer), { once: true })
    },
    stop: () => stopping.abort(new Error('stopping')),
  }
}

const FAILED = {
  report: { failed: 'It could not be looked into: an error of Watchkeeper itself, which is in its log.' },
  recording: null,
}

function paced(tell: (line: string) => void): (line: string) => void {
  let last = Number.NEGATIVE_INFINITY
  return (line) => {
    if (performance.now() - last < PROGRESS_EVERY_MS) return
    last = performance.now()
    tell(line)
  }
}
