import type { Schemas } from '@qdrant/js-client-rest'
import type { JsonObject } from '../../domain/json.ts'
import { sha256 } from '../../domain/json.ts'
import { namesOf } from '../retrieval/figures.ts'
import type { Chunk } from '../retrieval/page.ts'
import { termWeights } from '../retrieval/weights.ts'
import type { IndexedPage, Page } from './knowledge-index.ts'

/** The vectors of a point: one for each chunk under `dense`, and the page's BM25F weights under `words`. */
export const DENSE = 'dense'
export const WORDS = 'words'

/** The payload of a point: the page itself, and what is filtered by. */
export interface PointPayload {
  readonly page: string
  readonly source: string
  readonly hash: string
  readonly embedded: boolean
  readonly chunk_count: number
  /** What it is called, as `normalName` writes it. */
  readonly names: readonly string[]
  /** The stems that are in it, each once: how many pages have a word is counted by them. */
  readonly words: readonly string[]
  readonly title: string
  readonly file: string
  readonly headings: readonly string[]
  readonly prose: string
  readonly chunks: readonly Chunk[]
  readonly facts: JsonObject
}

/** Payload fields that are filtered by, and so have an index. */
export const INDEXED = ['page', 'source', 'names', 'words'] as const

export function toPoint(page: IndexedPage): Schemas['PointStruct'] {
  const weights = termWeights(page)
  const { id, source, hash, title, file, headings, prose, chunks, facts, vectors } = page
  const payload: PointPayload = {
    page: id,
    source,
    hash,
    embedded: vectors.length > 0,
    chunk_count: chunks.length,
    names: namesOf(page),
    words: [...weights.keys()].filter((term) => !term.includes(' ')),
    title,
    file,
    headings,
    prose,
    chunks,
    facts,
  }
  const dense = vectors.length > 0 ? { [DENSE]: vectors.map((vector) => Array.from(vector)) } : {}
  return { id: pointId(id), vector: { ...dense, [WORDS]: sparse(weights) }, payload: { ...payload } }
}

/** The page of a point. What we wrote is what comes back, so its shape is taken as it is. */
export function toPage(payload: unknown): Page {
  const { page, source, hash, title, file, headings, prose, chunks, facts } = payload as PointPayload
  return { id: page, source, hash, title, file, headings, prose, chunks, facts }
}

/** A point's id has to be a number or a UUID: the page's is hashed into a UUID of version 8 (RFC 9562). */
export function pointId(page: string): string {
  const hex = sha256(page)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

/**
 * Terms as a sparse vector: each has the dimension that its text hashes to, because dimensions are 32-bit numbers. Indices must
 * be unique, so terms that collide (one pair in 65,000 terms) share one.
 */
export function sparse(weights: ReadonlyMap<string, number>): Schemas['SparseVector'] {
  const values = new Map<number, number>()
  for (const [term, weight] of weights) {
    const at = dimension(term)
    values.set(at, (values.get(at) ?? 0) + weight)
  }
  return { indices: [...values.keys()], values: [...values.values()] }
}

/** FNV-1a, 32 bits, over UTF-16 units; terms are ASCII. */
function dimension(term: string): number {
  let hash = 0x81_1c_9d_c5
  for (let at = 0; at < term.length; at++) hash = Math.imul(hash ^ term.charCodeAt(at), 0x01_00_01_93)
  return hash >>> 0
}
