import { CANDIDATES, fused, type Hit, type IndexedPage, type IndexQuery } from './knowledge-index.ts'
import { lexicalIndex } from './lexical-index.ts'
import type { VectorScan } from './vector-scan.ts'

/** One collection in memory: pages by words here, vectors in their thread. */
export interface MemoryIndex {
  put(pages: readonly IndexedPage[]): Promise<void>
  remove(ids: readonly string[]): Promise<void>
  search(query: IndexQuery): Promise<Hit[]>
  readonly size: number
}

/**
 * Searches by words and, where the query has a vector, by meaning, and fuses the two. `vectors` is asked for the thread only
 * when there is a vector to keep: without an embedder there is none.
 */
export function memoryIndex(vectors: () => Promise<VectorScan>): MemoryIndex {
  const words = lexicalIndex()
  const pages = new Map<string, Hit['page']>()
  const embedded = new Set<string>()

  async function meaning(query: IndexQuery): Promise<string[]> {
    if (query.vector === undefined || embedded.size === 0) return []
    const nearest = await (await vectors()).search(query.vector, CANDIDATES)
    return nearest.map(({ id }) => id).filter((id) => pages.has(id))
  }

  return {
    async put(changed) {
      const withVectors = changed.filter((page) => page.vectors.length > 0)
      const without = changed.filter((page) => page.vectors.length === 0 && embedded.has(page.id))
      if (withVectors.length > 0) await (await vectors()).put(withVectors)
      if (without.length > 0) await (await vectors()).remove(without.map(({ id }) => id))
      for (const { vectors: own, hash: _, ...page } of changed) {
        words.put(page.id, page)
        pages.set(page.id, page)
        if (own.length > 0) embedded.add(page.id)
        else embedded.delete(page.id)
      }
    },
    async remove(ids) {
      const gone = ids.filter((id) => embedded.has(id))
      if (gone.length > 0) await (await vectors()).remove(gone)
      for (const id of ids) {
        words.remove(id)
        pages.delete(id)
        embedded.delete(id)
      }
    },
    async search(query) {
      const byMeaning = await meaning(query)
      const byWords = words.search(query.terms, CANDIDATES)
      const named = query.name ? words.named(query.name) : []
      const places = (ids: readonly string[]) => new Map(ids.map((id, at) => [id, at]))
      const [inWords, inMeaning, names] = [places(byWords), places(byMeaning), new Set(named)]
      const ranked = [...new Set([...named, ...byWords, ...byMeaning])].map((id) => ({
        id,
        named: names.has(id),
        ranks: { words: inWords.get(id), meaning: inMeaning.get(id) },
      }))
      return inOrder(ranked)
        .slice(0, query.limit)
        .flatMap(({ id, ...how }) => {
          const page = pages.get(id)
          return page ? [{ page, ...how, ...words.measure(id, query.terms) }] : []
        })
    },
    get size() {
      return pages.size
    },
  }
}

/** Those that bear the name first, then by fused rank; ties by id. */
export function inOrder<T extends Pick<Hit, 'named' | 'ranks'> & { id: string }>(hits: readonly T[]): T[] {
  const worth = ({ ranks }: T) => fused([ranks.words, ranks.meaning])
  return [...hits].sort((a, b) => Number(b.named) - Number(a.named) || worth(b) - worth(a) || (a.id < b.id ? -1 : 1))
}
