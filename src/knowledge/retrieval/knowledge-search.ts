import type { Collection, Hit, KnowledgeIndex } from '../index/knowledge-index.ts'
import { type Embedder, embeddingText } from './embedder.ts'
import { FITS_FROM, likelihood } from './fit.ts'
import type { Chunk } from './page.ts'
import { stem } from './porter.ts'
import { queryTerms, type Symptoms } from './symptoms.ts'
import { camelParts, normalName, termsOf } from './words.ts'

/** A page that was found, why, and how likely it is to be about what was asked. */
export interface Found {
  readonly collection: Collection
  readonly id: string
  readonly title: string
  readonly source: string
  readonly facts: Hit['page']['facts']
  /** A clause for people: `by its name`, `by words (memory, limit) and by meaning`. */
  readonly because: string
  /** 0 to 1. */
  readonly likelihood: number
  /** The stretch of it that says most about the query; looked for when it is asked for. */
  excerpt(): Chunk
}

export interface Answer {
  readonly found: readonly Found[]
  /** Whether the best one fits at all; where it does not, `because` says so. */
  readonly fits: boolean
  readonly because: string
  /** Why the search was less than it could be, such as an embedder that did not answer; undefined where it was whole. */
  readonly degraded: string | undefined
}

export interface SearchOptions {
  /** Pages at most; 5 unless told. */
  readonly limit?: number
  readonly signal?: AbortSignal
}

export interface KnowledgeSearch {
  /**
   * The pages of a collection for what is wrong, best first. "Nothing fits" is an answer: then `fits` is false, and what comes
   * nearest is still listed. An embedder that fails is left out and said; throws only when the index cannot be asked.
   */
  search(collection: Collection, symptoms: Symptoms, options?: SearchOptions): Promise<Answer>
}

/** How long the embedder may keep a search waiting, in milliseconds. */
const EMBED_MS = 1_000

export function knowledgeSearch(index: KnowledgeIndex, embedder?: Embedder): KnowledgeSearch {
  return {
    async search(collection, symptoms, { limit = 5, signal } = {}) {
      const { vector, degraded } = await embed(embedder, symptoms, signal)
      const name = normalName(symptoms.alertname ?? '')
      const query = { terms: queryTerms(symptoms), name, limit, ...(vector && { vector }) }
      const hits = await index.search(collection, query, signal)
      const spoken = spokenWords(symptoms)
      const found = hits.map((hit) => toFound(collection, hit, spoken))
      const fits = (found[0]?.likelihood ?? 0) >= FITS_FROM
      return { found, fits, because: fits ? (found[0]?.because ?? '') : noFit(found), degraded }
    },
  }
}

async function embed(
  embedder: Embedder | undefined,
  symptoms: Symptoms,
  signal: AbortSignal | undefined,
): Promise<{ vector?: Float32Array; degraded: string | undefined }> {
  if (!embedder) return { degraded: undefined }
  const { alertname = '', summary = '', description = '' } = symptoms
  try {
    const deadline = AbortSignal.any([AbortSignal.timeout(EMBED_MS), ...(signal ? [signal] : [])])
    const [vector] = await embedder.embed([embeddingText(alertname, `${summary}\n${description}`)], 'query', deadline)
    return { ...(vector && { vector }), degraded: undefined }
  } catch (error) {
    signal?.throwIfAborted()
    return { degraded: `searched by words alone: ${error instanceof Error ? error.message : 'the embedder failed'}` }
  }
}

function toFound(collection: Collection, hit: Hit, spoken: ReadonlyMap<string, string>): Found {
  const { page, named, figures, matched } = hit
  return {
    collection,
    id: page.id,
    title: page.title.split('\n')[0] ?? page.id,
    source: page.source,
    facts: page.facts,
    because: reason(hit, spoken),
    likelihood: likelihood(figures, named),
    excerpt: () => excerptOf(page.chunks, matched) ?? { heading: page.title, text: '' },
  }
}

function reason({ named, ranks, matched }: Hit, spoken: ReadonlyMap<string, string>): string {
  if (named) return 'by its name'
  const words = matched.slice(0, 4).map((word) => spoken.get(word) ?? word)
  const ways = [
    ranks.words === undefined ? '' : `by words (${words.join(', ')})`,
    ranks.meaning === undefined ? '' : 'by meaning',
  ]
  return ways.filter((way) => way !== '').join(' and ')
}

function noFit([best]: readonly Found[]): string {
  return best ? `Nothing fits; the nearest is "${best.title}", ${best.because}.` : 'Nothing fits.'
}

/** The words as they were written, by their stems: people are shown `limits`, not `limit` nor `memori`. */
function spokenWords({ alertname = '', summary = '', description = '' }: Symptoms): Map<string, string> {
  const spoken = new Map<string, string>()
  for (const [token] of `${summary}\n${description}\n${alertname}`.matchAll(/[A-Za-z0-9]+/g)) {
    for (const part of [token, ...camelParts(token)]) {
      const lower = part.toLowerCase()
      if (!spoken.has(stem(lower))) spoken.set(stem(lower), lower)
    }
  }
  return spoken
}

/** The chunk with most of the matched words, the telling ones counting more; the first of equals. */
function excerptOf(chunks: readonly Chunk[], matched: readonly string[]): Chunk | undefined {
  let best: { chunk: Chunk; worth: number } | undefined
  for (const chunk of chunks) {
    const words = new Set(termsOf(`${chunk.heading}\n${chunk.text}`).words)
    const worth = matched.reduce((sum, word, at) => sum + (words.has(word) ? 1 / (at + 1) : 0), 0)
    if (!best || worth > best.worth) best = { chunk, worth }
  }
  return best?.chunk
}
