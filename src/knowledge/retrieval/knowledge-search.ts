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
  /** The incident it is asked for. */
  readonly incident?: number | null
  readonly signal?: AbortSignal
}

export interface KnowledgeSearch {
  /**
   * The pages of a collection for what is wrong, best first. "Nothing fits" is an answer: then `fits` is false, and what comes
   * nearest is still listed. Decisions of incidents that stay at home are found for such an incident alone.
   * An embedder that fails is left out and said; throws only when the index cannot be asked.
   */
  search(collection: Collection, symptoms: Symptoms, options?: SearchOptions): Promise<Answer>
}

/** How long the embedder may keep a search waiting, in milliseconds. */
const EMBED_MS = 1_000

/** Which of these incidents stay at home; every one that cannot be told does. */
export type Homebound = (incidents: readonly number[]) => Promise<ReadonlySet<number>>

/** How many pages more are looked at where some may have to be left out. */
const SPARE = 20

/** `homebound`: none stays at home unless told. */
export function knowledgeSearch(index: KnowledgeIndex, embedder?: Embedder, homebound?: Homebound): KnowledgeSearch {
  return {
    async search(collection, symptoms, { limit = 5, incident = null, signal } = {}) {
      const { vector, degraded } = await embed(embedder, symptoms, signal)
      const name = normalName(symptoms.alertname ?? '')
      const leaving = collection === 'decisions' ? homebound : undefined
      const query = {
        ...{ terms: queryTerms(symptoms), name, limit: leaving ? limit + SPARE : limit },
        ...(vector && { vector }),
      }
      const all = await index.search(collection, query, signal)
      const hits = leaving ? (await mayLeave(all, incident, leaving)).slice(0, limit) : all
      const spoken = spokenWords(symptoms)
      const found = hits.map((hit) => toFound(collection, hit, spoken))
      const fits = (found[0]?.likelihood ?? 0) >= FITS_FROM
      return { found, fits, because: fits ? (found[0]?.because ?? '') : noFit(found), degraded }
    },
  }
}

async function mayLeave(hits: readonly Hit[], asking: number | null, homebound: Homebound): Promise<readonly Hit[]> {
  const incidentOf = ({ page }: Hit) => (typeof page.facts.incident === 'number' ? page.facts.incident : null)
  const about = [...hits.map(incidentOf), asking].filter((id) => id !== null)
  const home = about.length === 0 ? new Set<number>() : await homebound([...new Set(about)])
  if (asking !== null && home.has(asking)) return hits
  return hits.filter((hit) => {
    const id = incidentOf(hit)
    return id === null || !home.has(id)
  })
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
