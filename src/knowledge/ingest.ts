import type { IndexedPage, KnowledgeIndex, Page } from './index/knowledge-index.ts'
import { type Embedder, embeddingText } from './retrieval/embedder.ts'
import type { Source } from './sources/source.ts'

/** What one run over a source did. */
export interface Ingested {
  readonly source: string
  readonly pages: number
  readonly written: number
  readonly removed: number
  /** Why pages went in without vectors although there is an embedder; undefined where they did not. */
  readonly degraded: string | undefined
}

export interface IngestOptions {
  readonly embedder?: Embedder | undefined
  readonly signal?: AbortSignal
  /** Told after every page that was read: how many of how many. */
  readonly progress?: (done: number, total: number) => void
}

/** Pages embedded and written together. */
const BATCH = 16

/**
 * Brings an index up to date with a source: writes what is new or has changed, removes what is gone, leaves the rest alone. With
 * an embedder that does not answer pages go in by their words alone, and get their vectors in a later run.
 */
export async function ingest(index: KnowledgeIndex, source: Source, options: IngestOptions = {}): Promise<Ingested> {
  const { embedder, signal, progress } = options
  const [pages, held] = await Promise.all([source.pages(signal), index.held(source.collection, signal)])
  const marked = pages.map((page) => ({ ...page, hash: hashFor(page, embedder) }))
  const stale = marked.filter((page) => isStale(page, held.get(page.id), embedder))
  const total = pages.length
  let done = total - stale.length
  progress?.(done, total)
  const writer = batchWriter(embedder, signal)
  let written = 0
  for (let at = 0; at < stale.length; at += BATCH) {
    const batch = await writer.embed(stale.slice(at, at + BATCH))
    // Of pages that are only to get their vectors, none are written again while there are none.
    const news = batch.filter((page) => page.vectors.length > 0 || held.get(page.id)?.hash !== page.hash)
    await index.put(source.collection, news, signal)
    written += news.length
    done += batch.length
    progress?.(done, total)
  }
  const there = new Set(pages.map(({ id }) => id))
  const gone = [...held].filter(([id, page]) => page.source === source.name && !there.has(id)).map(([id]) => id)
  await index.remove(source.collection, gone, signal)
  return { source: source.name, pages: total, written, removed: gone.length, degraded: writer.degraded() }
}

/**
 * Makes the collections of these sources again, each at once: until a collection is whole, searches see the old one. Pages of
 * sources that are not named any more are gone afterwards.
 */
export async function rebuild(
  index: KnowledgeIndex,
  sources: readonly Source[],
  { embedder, signal, progress }: IngestOptions = {},
): Promise<Ingested[]> {
  const writer = batchWriter(embedder, signal)
  const read = await Promise.all(sources.map(async (source) => ({ source, pages: await source.pages(signal) })))
  const total = read.reduce((sum, { pages }) => sum + pages.length, 0)
  let done = 0
  for (const collection of new Set(sources.map((source) => source.collection))) {
    const pages = read.filter(({ source }) => source.collection === collection).flatMap((one) => one.pages)
    await index.rebuild(collection, inBatches(pages), signal)
  }
  return read.map(({ source, pages }) => ({
    source: source.name,
    pages: pages.length,
    written: pages.length,
    removed: 0,
    degraded: writer.degraded(),
  }))

  async function* inBatches(pages: readonly Page[]): AsyncGenerator<IndexedPage> {
    for (let at = 0; at < pages.length; at += BATCH) {
      const batch = pages.slice(at, at + BATCH).map((page) => ({ ...page, hash: hashFor(page, embedder) }))
      yield* await writer.embed(batch)
      done += batch.length
      progress?.(done, total)
    }
  }
}

/** Vectors of another model mean nothing: with it the page counts as changed. */
function hashFor(page: Page, embedder: Embedder | undefined): string {
  return embedder ? `${page.hash}/${embedder.model}` : page.hash
}

type Held = { hash: string; embedded: boolean } | undefined

function isStale(page: Page, held: Held, embedder: Embedder | undefined): boolean {
  if (!held) return true
  // Without an embedder the vectors that are there stay of use, once there is one again.
  if (!embedder) return held.hash.split('/')[0] !== page.hash
  return held.hash !== page.hash || (!held.embedded && page.chunks.length > 0)
}

/** Embeds batch by batch; after the first failure no longer, so that a run without the model does not wait for it each time. */
function batchWriter(embedder: Embedder | undefined, signal: AbortSignal | undefined) {
  let failed: string | undefined
  return {
    degraded: () => failed,
    async embed(pages: readonly Page[]): Promise<IndexedPage[]> {
      const texts = pages.flatMap(({ chunks }) => chunks.map(({ heading, text }) => embeddingText(heading, text)))
      let vectors: Float32Array[] = []
      if (embedder && failed === undefined) {
        try {
          vectors = await embedder.embed(texts, 'document', signal)
        } catch (error) {
          signal?.throwIfAborted()
          failed = error instanceof Error ? error.message : String(error)
        }
      }
      let at = 0
      return pages.map((page) => {
        const own = vectors.slice(at, at + page.chunks.length)
        at += page.chunks.length
        return { ...page, vectors: own }
      })
    },
  }
}
