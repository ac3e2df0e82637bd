import { Worker } from 'node:worker_threads'

export interface Cut {
  text: string
  /** How many cuts of each kind. */
  cuts: Readonly<Record<string, number>>
}

/** Cuts secrets out of texts. Rejects with RedactionError where it cannot vouch for the result. */
export interface Cutter {
  cut(texts: readonly string[]): Promise<Cut[]>
  close(): Promise<void>
}

/** The redactor crashed, hung or is closed: nothing may leave. */
export class RedactionError extends Error {
  override readonly name = 'RedactionError'
}

export interface CutterOptions {
  /** How long one lot of texts may take; 5,000 unless told. The first lot has to load the rules. */
  timeoutMs?: number
  worker?: URL
}

interface Lot {
  texts: readonly string[]
  resolve(cuts: Cut[]): void
  reject(error: Error): void
}

/** Of the thread, in MB. Texts are short-lived: left to itself, its heap grows to several times what it needs. */
const MOST_MEMORY = { maxYoungGenerationSizeMb: 6, maxOldGenerationSizeMb: 160 }
const KEPT = 400
const KEPT_LENGTH = 64 * 1_024

/**
 * A cutter in a thread of its own, started with the first text. It has one lot at a time: where it hangs or crashes, it is ended
 * and that lot is refused; those that wait get a new thread. What was cut before is remembered, because a conversation is sent whole with every turn.
 */
export function cutter({
  timeoutMs = 5_000,
  worker: file = new URL('worker.ts', import.meta.url),
}: CutterOptions = {}): Cutter {
  const known = new Map<string, Cut>()
  const waiting: Lot[] = []
  let under: (Lot & { id: number; timer: NodeJS.Timeout }) | undefined
  let worker: Worker | undefined
  let closed = false
  let last = 0

  function abandon(because: string): void {
    const [ended, lot] = [worker, under]
    worker = undefined
    under = undefined
    clearTimeout(lot?.timer)
    lot?.reject(new RedactionError(because))
    void ended?.terminate()
    next()
  }

  function next(): void {
    const lot = under ? undefined : waiting.shift()
    if (!lot) return
    last += 1
    const late = () => abandon(`The search for secrets took longer than ${timeoutMs} ms.`)
    under = { ...lot, id: last, timer: setTimeout(late, timeoutMs) }
    started().postMessage({ id: last, texts: lot.texts })
  }

  function started(): Worker {
    if (worker) return worker
    const fresh = new Worker(file, { resourceLimits: MOST_MEMORY })
    worker = fresh
    fresh.unref()
    const gone = () => worker === fresh && abandon('The search for secrets ended unexpectedly.')
    fresh.on('error', gone)
    fresh.on('exit', gone)
    fresh.on('message', ({ id, results }: { id: number; results?: Cut[] }) => {
      const asked = under
      if (asked?.id !== id) return
      under = undefined
      clearTimeout(asked.timer)
      if (results) asked.resolve(results)
      else asked.reject(new RedactionError('The search for secrets failed.'))
      next()
    })
    return fresh
  }

  function ask(texts: readonly string[]): Promise<Cut[]> {
    if (closed) return Promise.reject(new RedactionError('The search for secrets is closed.'))
    return new Promise((resolve, reject) => {
      waiting.push({ texts, resolve, reject })
      next()
    })
  }

  return {
    async cut(texts) {
      const fresh = [...new Set(texts)].filter((text) => !known.has(text))
      const found = fresh.length === 0 ? [] : await ask(fresh)
      if (found.length !== fresh.length) throw new RedactionError('The search for secrets left a text out.')
      const now = new Map(fresh.map((text, i): [string, Cut] => [text, found[i] as Cut]))
      const cuts = texts.map((text) => now.get(text) ?? known.get(text))
      for (const [text, cut] of now) if (text.length <= KEPT_LENGTH) known.set(text, cut)
      for (const text of [...known.keys()].slice(0, Math.max(0, known.size - KEPT))) known.delete(text)
      if (cuts.some((cut) => cut === undefined)) throw new RedactionError('The search for secrets left a text out.')
      return cuts as Cut[]
    },
    async close() {
      closed = true
      for (const { reject } of waiting.splice(0)) reject(new RedactionError('The search for secrets is closed.'))
      abandon('The search for secrets is closed.')
    },
  }
}
