import type { PageText } from './page.ts'
import { termsOf } from './words.ts'

/** How much a term is worth in each part of a page, and how long that part usually is, in terms. */
const FIELDS = {
  title: { weight: 6, usual: 5 },
  file: { weight: 4, usual: 4 },
  headings: { weight: 1, usual: 15 },
  prose: { weight: 0.5, usual: 250 },
} as const

const K1 = 3
const B = 0.5

/**
 * The weight of every term of a page: the term part of BM25F (Robertson, Zaragoza and Taylor, "Simple BM25 extension to
 * multiple weighted fields", CIKM 2004), between 0 and 1. Multiplied by the term's rarity and summed over a query's terms
 * it is the page's score.
 *
 * Lengths are set against what is usual instead of against the corpus, so that a page's weights do not change when others
 * come and go: they can be stored, and a vector store can hold them.
 */
export function termWeights(page: PageText): Map<string, number> {
  const sums = new Map<string, number>()
  for (const [field, { weight, usual }] of Object.entries(FIELDS)) {
    const { words, pairs } = termsOf(fieldText(page, field as keyof typeof FIELDS))
    const share = weight / (1 - B + (B * words.length) / usual)
    for (const term of words) sums.set(term, (sums.get(term) ?? 0) + share)
    for (const term of pairs) sums.set(term, (sums.get(term) ?? 0) + share)
  }
  for (const [term, sum] of sums) sums.set(term, sum / (K1 + sum))
  return sums
}

/** How rare a term is among `pages` of which `having` have it; the formula is Qdrant's, so both indexes agree. */
export function rarity(pages: number, having: number): number {
  return Math.log(1 + (pages - having + 0.5) / (having + 0.5))
}

function fieldText(page: PageText, field: keyof typeof FIELDS): string {
  const value = page[field]
  return typeof value === 'string' ? value : value.join('\n')
}
