import {
  type Collection,
  DIMENSIONS,
  type Held,
  type IndexedPage,
  type KnowledgeIndex,
} from '../../src/knowledge/index/knowledge-index.ts'
import { memoryIndex } from '../../src/knowledge/index/memory-index.ts'
import { vectorRows } from '../../src/knowledge/index/vector-rows.ts'
import type { Embedder } from '../../src/knowledge/retrieval/embedder.ts'

/** An index in memory that keeps what was done to it. */
export function fakeIndex() {
  const stored = new Map<string, IndexedPage>()
  const done: string[] = []
  const rows = vectorRows()
  const words = memoryIndex(async () => ({
    put: async (pages) => {
      for (const { id, vectors } of pages) rows.put(id, Float32Array.from(vectors.flatMap((vector) => [...vector])))
    },
    remove: async (ids) => {
      for (const id of ids) rows.remove(id)
    },
    search: async (vector, limit) => rows.nearest(vector, limit),
    close: async () => {},
  }))
  const index: KnowledgeIndex = {
    async put(collection: Collection, pages) {
      for (const page of pages) {
        stored.set(page.id, page)
        done.push(`put ${collection} ${page.id}${page.vectors.length > 0 ? ' with vectors' : ''}`)
      }
      await words.put(pages)
    },
    async remove(collection, ids) {
      for (const id of ids) {
        stored.delete(id)
        done.push(`remove ${collection} ${id}`)
      }
      await words.remove(ids)
    },
    held: async () =>
      new Map(
        [...stored].map(([id, { source, hash, vectors }]): [string, Held] => [
          id,
          { source, hash, embedded: vectors.length > 0 },
        ]),
      ),
    async rebuild(collection, pages) {
      const ids: string[] = []
      for await (const page of pages) ids.push(page.id)
      done.push(`rebuild ${collection} ${ids.join(' ')}`)
    },
    search: (_, query) => words.search(query),
    page: async (_, id) => stored.get(id),
    status: async () => [],
    close: async () => {},
  }
  return { index, done }
}

/** Embeds every text along one axis, its length; fails while `broken` is set. */
export function fakeEmbedder(model = 'fake') {
  const asked: { texts: readonly string[]; kind: string }[] = []
  const state = { broken: false }
  const embedder: Embedder = {
    model,
    async embed(texts, kind) {
      asked.push({ texts, kind })
      if (state.broken) throw new Error('The model is away.')
      return texts.map((text) => {
        const vector = new Float32Array(DIMENSIONS)
        vector[text.length % DIMENSIONS] = 1
        return vector
      })
    },
  }
  return { embedder, asked, state }
}
