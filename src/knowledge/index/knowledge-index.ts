import type { JsonObject } from '../../domain/json.ts'
import type { Chunk, PageText } from '../retrieval/page.ts'
import type { QueryTerms } from '../retrieval/symptoms.ts'

/** What is known, by what it is: what to do, what was done, and what else people wrote down. */
export const COLLECTIONS = ['runbooks', 'decisions', 'documentation'] as const
export type Collection = (typeof COLLECTIONS)[number]

/** Length of every vector: that of nomic-embed-text. */
export const DIMENSIONS = 768

/** A page as it was read, before anything is computed from it. */
export interface Page extends PageText {
  /** Unique within its collection and the same from one reading to the next, such as `runbooks/pod-oom-killed`. */
  readonly id: string
  /** What it was read from, such as `folder:docs`; pages that a source no longer has are removed. */
  readonly source: string
  /** Changes with everything in the page that matters. */
  readonly hash: string
  readonly chunks: readonly Chunk[]
  /** What a finder wants to know beside the text: the runbook's id, how a decision ended. */
  readonly facts: JsonObject
}

/** A page on its way into an index. */
export interface IndexedPage extends Page {
  /** One for each chunk, of `DIMENSIONS` numbers, or none at all: a page can be found by its words alone. */
  readonly vectors: readonly Float32Array[]
}

/** What an index knows of a page without its text: enough to tell whether it must be read again. */
export interface Held {
  readonly source: string
  readonly hash: string
  readonly embedded: boolean
}

export interface IndexQuery {
  readonly terms: QueryTerms
  /** The embedded query; without it words alone decide. */
  readonly vector?: Float32Array
  /** A name as `normalName` writes it. Pages that are called so come before all others. */
  readonly name?: string
  readonly limit: number
}

/** A page that was found, and by what. */
export interface Hit {
  readonly page: Omit<Page, 'hash'>
  /** It bears the name that was asked for. */
  readonly named: boolean
  /** Its place by words and by meaning, from 0; undefined where it was not found by that. */
  readonly ranks: { readonly words: number | undefined; readonly meaning: number | undefined }
  readonly figures: Figures
  /** The query's words that are in it, the most telling first, as stems. */
  readonly matched: readonly string[]
}

/** Three figures that together tell whether a page is about the query at all. */
export interface Figures {
  /** BM25F of the page for the query's words; pairs are not in it. */
  readonly score: number
  /** Of the query's words, weighted by rarity, the share that is in the page: 0 to 1. */
  readonly asked: number
  /** Of the words of the page's title and file name, weighted by rarity, the share that is in the query: 0 to 1. */
  readonly title: number
}

export interface CollectionStatus {
  readonly collection: Collection
  readonly pages: number
  readonly chunks: number
  /** Chunks that have a vector. */
  readonly vectors: number
}

/**
 * Where pages are kept so that they can be found: by words (BM25F), by meaning (cosine), and by both, fused by reciprocal
 * rank. What it holds is a view: it can be made again from files and the database at any time.
 *
 * Every method throws UpstreamError when the store cannot be reached, and whatever `signal` was aborted with.
 */
export interface KnowledgeIndex {
  /** Writes pages in place of those with the same ids. They can be found when it resolves. */
  put(collection: Collection, pages: readonly IndexedPage[], signal?: AbortSignal): Promise<void>
  remove(collection: Collection, ids: readonly string[], signal?: AbortSignal): Promise<void>
  /** Every page it holds, by id. */
  held(collection: Collection, signal?: AbortSignal): Promise<ReadonlyMap<string, Held>>
  /**
   * Replaces a whole collection at once: until it resolves searches see the old pages, afterwards only the new ones. When
   * it throws, or the process dies, the old pages are still there.
   */
  rebuild(collection: Collection, pages: AsyncIterable<IndexedPage>, signal?: AbortSignal): Promise<void>
  /** The best pages, best first; ties in the order of their ids. Empty where nothing has a word of it or a vector. */
  search(collection: Collection, query: IndexQuery, signal?: AbortSignal): Promise<Hit[]>
  page(collection: Collection, id: string, signal?: AbortSignal): Promise<Page | undefined>
  status(signal?: AbortSignal): Promise<CollectionStatus[]>
  close(): Promise<void>
}

/** How many candidates each way of searching puts forward before they are fused. */
export const CANDIDATES = 50

/**
 * A page's worth by reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009), ranks from 0. The constant is the one
 * Qdrant fuses with where none is given, so that both indexes rank alike.
 */
export function fused(ranks: readonly (number | undefined)[]): number {
  return ranks.reduce<number>((sum, rank) => sum + (rank === undefined ? 0 : 1 / (rank + 2)), 0)
}
