import { measure, namesOf, type Prepared, prepare } from '../retrieval/figures.ts'
import type { PageText } from '../retrieval/page.ts'
import type { QueryTerms } from '../retrieval/symptoms.ts'
import { rarity } from '../retrieval/weights.ts'
import type { Figures } from './knowledge-index.ts'

/** Pages in memory that can be searched by words. Not for sharing between threads; every call is done when it returns. */
export interface LexicalIndex {
  put(id: string, page: PageText): void
  remove(id: string): void
  /** The ids of the pages with the best scores, best first. */
  search(query: QueryTerms, limit: number): string[]
  /** The ids of the pages that bear a name, in order. */
  named(name: string): string[]
  measure(id: string, query: QueryTerms): { figures: Figures; matched: string[] }
  readonly size: number
}

interface Entry {
  readonly id: string
  readonly page: PageText
  readonly prepared: Prepared
}

/** Pages that have a term, and what it weighs in each. */
interface Posting {
  readonly slots: number[]
  readonly weights: number[]
}

export function lexicalIndex(): LexicalIndex {
  const slots = new Map<string, number>()
  const entries: (Entry | undefined)[] = []
  const free: number[] = []
  const postings = new Map<string, Posting>()
  const names = new Map<string, Set<string>>()
  let scores = new Float64Array(64)

  const rarityOf = (term: string) => rarity(slots.size, postings.get(term)?.slots.length ?? 0)

  function remove(id: string): void {
    const slot = slots.get(id)
    const entry = slot === undefined ? undefined : entries[slot]
    if (slot === undefined || entry === undefined) return
    for (const term of entry.prepared.weights.keys()) forget(term, slot)
    for (const name of namesOf(entry.page)) {
      const bearers = names.get(name)
      bearers?.delete(id)
      if (bearers?.size === 0) names.delete(name)
    }
    slots.delete(id)
    entries[slot] = undefined
    free.push(slot)
  }

  function forget(term: string, slot: number): void {
    const posting = postings.get(term)
    const at = posting?.slots.indexOf(slot) ?? -1
    if (!posting || at < 0) return
    posting.slots.splice(at, 1)
    posting.weights.splice(at, 1)
    if (posting.slots.length === 0) postings.delete(term)
  }

  return {
    put(id, page) {
      remove(id)
      const slot = free.pop() ?? entries.length
      const prepared = prepare(page)
      entries[slot] = { id, page, prepared }
      slots.set(id, slot)
      for (const [term, weight] of prepared.weights) {
        const posting = postings.get(term) ?? { slots: [], weights: [] }
        posting.slots.push(slot)
        posting.weights.push(weight)
        postings.set(term, posting)
      }
      for (const name of namesOf(page)) names.set(name, (names.get(name) ?? new Set()).add(id))
      if (entries.length > scores.length) scores = new Float64Array(entries.length * 2)
    },
    remove,
    search(query, limit) {
      const touched: number[] = []
      for (const [term, weight] of query) {
        const posting = postings.get(term)
        if (!posting) continue
        const worth = weight * rarityOf(term)
        for (const [at, slot] of posting.slots.entries()) {
          const before = scores[slot] ?? 0
          if (before === 0) touched.push(slot)
          scores[slot] = before + worth * (posting.weights[at] ?? 0)
        }
      }
      const found = touched.map((slot) => ({ id: entries[slot]?.id ?? '', score: scores[slot] ?? 0 }))
      for (const slot of touched) scores[slot] = 0
      return found
        .sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1))
        .slice(0, limit)
        .map(({ id }) => id)
    },
    named: (name) => [...(names.get(name) ?? [])].sort(),
    measure(id, query) {
      const entry = entries[slots.get(id) ?? -1]
      if (!entry) throw new Error(`the page ${id} is not in the index`)
      return measure(entry.page, query, rarityOf, entry.prepared)
    },
    get size() {
      return slots.size
    },
  }
}
