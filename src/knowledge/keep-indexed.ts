import { setTimeout as wait } from 'node:timers/promises'
import { ingest } from './ingest.ts'
import type { Knowledge } from './open-knowledge.ts'
import type { Source } from './sources/source.ts'

const EVERY_MS = 60_000

export interface KeepIndexed {
  readonly knowledge: Pick<Knowledge, 'index' | 'embedder'>
  readonly sources: readonly Source[]
  readonly signal: AbortSignal
  readonly onFailure: (error: unknown) => void
  /** Milliseconds between two looks; a minute unless told. */
  readonly everyMs?: number
}

/** Brings the index up to date with every source, again and again until `signal` aborts. A source that fails stops no other. */
export async function keepIndexed({
  knowledge,
  sources,
  signal,
  onFailure,
  everyMs = EVERY_MS,
}: KeepIndexed): Promise<void> {
  const { index, embedder } = knowledge
  while (!signal.aborted) {
    for (const source of sources) {
      if (signal.aborted) return
      await ingest(index, source, { embedder, signal }).catch((error: unknown) => {
        if (!signal.aborted) onFailure(error)
      })
    }
    await wait(everyMs, undefined, { signal }).catch(() => {})
  }
}
