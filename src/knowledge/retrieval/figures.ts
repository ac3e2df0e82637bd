import type { Figures } from '../index/knowledge-index.ts'
import type { PageText } from './page.ts'
import type { QueryTerms } from './symptoms.ts'
import { termWeights } from './weights.ts'
import { normalName, termsOf } from './words.ts'

/** How rare a term is in a collection: `rarity` of its page count. */
export type RarityOf = (term: string) => number

/** What is computed of a page once, where it is kept. */
export interface Prepared {
  readonly weights: ReadonlyMap<string, number>
  /** The words of title and file name, each once. */
  readonly titleWords: readonly string[]
}

export function prepare(page: PageText): Prepared {
  return { weights: termWeights(page), titleWords: [...new Set(termsOf(`${page.title}\n${page.file}`).words)] }
}

/**
 * Measures a page against a query by its words, the same way whichever index found it. Pairs are left out: their rarity says more about how a page is written than what it is about.
 */
export function measure(
  page: PageText,
  query: QueryTerms,
  rarityOf: RarityOf,
  { weights, titleWords }: Prepared = prepare(page),
): { figures: Figures; matched: string[] } {
  let score = 0
  let whole = 0
  let found = 0
  const matched: { word: string; worth: number }[] = []
  for (const [term, weight] of query) {
    if (term.includes(' ')) continue
    const inPage = weights.get(term)
    const worth = weight * rarityOf(term)
    whole += worth
    if (inPage === undefined) continue
    score += worth * inPage
    found += worth
    matched.push({ word: term, worth })
  }
  const figures = { score, asked: share(found, whole), title: titleShare(titleWords, query, rarityOf) }
  return { figures, matched: matched.sort((a, b) => b.worth - a.worth).map(({ word }) => word) }
}

function titleShare(titleWords: readonly string[], query: QueryTerms, rarityOf: RarityOf): number {
  let whole = 0
  let found = 0
  for (const word of titleWords) {
    const worth = rarityOf(word)
    whole += worth
    if (query.has(word)) found += worth
  }
  return share(found, whole)
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole
}

/** Every name a page goes by, as `normalName` writes it: its file, its title, its headings. */
export function namesOf({ title, file, headings }: PageText): string[] {
  return [...new Set([file, ...title.split('\n'), ...headings].map(normalName))].filter((name) => name !== '')
}
