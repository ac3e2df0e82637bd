import type { Schemas } from '@qdrant/js-client-rest'
import { Refused, readDense, readSparse, type StoredCollection, type StoredPoint } from './store.ts'

interface Scored {
  point: StoredPoint
  score: number
}

const KNOWN = new Set([
  'prefetch',
  'query',
  'using',
  'filter',
  'limit',
  'offset',
  'with_payload',
  'with_vector',
  'params',
  'score_threshold',
])

/** Answers one query request: by nearest vector, by filter alone, or by fusing what its prefetches found. */
export function query(collection: StoredCollection, request: Schemas['QueryRequest']): Schemas['ScoredPoint'][] {
  const found = run(collection, request as Request)
  const { with_payload, offset } = request
  return found.slice(offset ?? 0).map(({ point, score }) => ({
    id: point.id,
    version: 0,
    score,
    ...(with_payload ? { payload: point.payload as Schemas['Payload'] } : {}),
  }))
}

interface Request {
  prefetch?: Request | Request[]
  query?: unknown
  using?: string
  filter?: Schemas['Filter']
  limit?: number
}

function run(collection: StoredCollection, request: Request): Scored[] {
  for (const key of Object.keys(request))
    if (!KNOWN.has(key)) throw new Refused(400, `Format error in JSON body: unknown field \`${key}\``)
  const limit = request.limit ?? 10
  const prefetch = request.prefetch === undefined ? [] : [request.prefetch].flat()
  const { query: asked, filter, using } = request
  if (prefetch.length > 0) return fuse(collection, prefetch, asked).slice(0, limit)
  const points = [...collection.points.values()].filter((point) => matches(point, filter))
  if (asked === undefined)
    return points
      .sort((a, b) => (String(a.id) < String(b.id) ? -1 : 1))
      .map((point) => ({ point, score: 0 }))
      .slice(0, limit)
  const score = scorer(collection, asked, using ?? '')
  return points
    .flatMap((point) => {
      const value = score(point)
      return value === undefined ? [] : [{ point, score: value }]
    })
    .sort((a, b) => b.score - a.score)
    .slice(0, limit)
}

function fuse(collection: StoredCollection, prefetch: Request[], asked: unknown): Scored[] {
  if (typeof asked !== 'object' || asked === null || !('fusion' in asked) || asked.fusion !== 'rrf')
    throw new Refused(400, 'Format error in JSON body: this server only fuses by rrf')
  const sums = new Map<StoredPoint, number>()
  for (const request of prefetch)
    for (const [rank, { point }] of run(collection, request).entries())
      sums.set(point, (sums.get(point) ?? 0) + 1 / (rank + 2))
  return [...sums].map(([point, score]) => ({ point, score })).sort((a, b) => b.score - a.score)
}

function scorer(
  collection: StoredCollection,
  asked: unknown,
  using: string,
): (point: StoredPoint) => number | undefined {
  const sparse = collection.sparse.get(using)
  if (!sparse) {
    const rows = readDense(collection, using, asked)
    return (point) => {
      const own = point.dense.get(using)
      return own && rows.reduce((sum, row) => sum + Math.max(...own.map((other) => cosine(row, other))), 0)
    }
  }
  const weights = readSparse(asked)
  const vectors = [...collection.points.values()].map((point) => point.sparse.get(using))
  const rarity = (index: number) => {
    if (sparse.modifier !== 'idf') return 1
    const having = vectors.filter((vector) => vector?.has(index)).length
    return Math.log(1 + (vectors.length - having + 0.5) / (having + 0.5))
  }
  const worth = new Map([...weights].map(([index, weight]) => [index, weight * rarity(index)]))
  return (point) => {
    const shared = [...worth].filter(([index]) => point.sparse.get(using)?.has(index))
    if (shared.length === 0) return undefined
    return shared.reduce((sum, [index, weight]) => sum + weight * (point.sparse.get(using)?.get(index) ?? 0), 0)
  }
}

function cosine(a: readonly number[], b: readonly number[]): number {
  const product = (x: readonly number[], y: readonly number[]) =>
    x.reduce((sum, value, i) => sum + value * (y[i] ?? 0), 0)
  return product(a, b) / (Math.sqrt(product(a, a) * product(b, b)) || 1)
}

/** Only what the adapter asks for: `must` with exact values. */
export function matches(point: StoredPoint, filter: Schemas['Filter'] | undefined): boolean {
  if (!filter) return true
  const conditions = [filter.must ?? []].flat() as Schemas['FieldCondition'][]
  if (Object.keys(filter).some((key) => key !== 'must')) throw new Refused(400, 'this simulator only knows `must`')
  return conditions.every(({ key, match }) => {
    const wanted = (match as Schemas['MatchValue'] | undefined)?.value
    if (wanted === undefined) throw new Refused(400, 'this simulator only knows `match: { value }`')
    const own = point.payload[key]
    return Array.isArray(own) ? own.includes(wanted) : own === wanted
  })
}
