import type { Schemas } from '@qdrant/js-client-rest'

/** A refusal, as the server words it. */
export class Refused extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

export interface StoredPoint {
  id: Schemas['ExtendedPointId']
  dense: Map<string, number[][]>
  sparse: Map<string, Map<number, number>>
  payload: Record<string, unknown>
}

export interface StoredCollection {
  vectors: Map<string, Schemas['VectorParams']>
  sparse: Map<string, Schemas['SparseVectorParams']>
  indexed: Map<string, string>
  points: Map<Schemas['ExtendedPointId'], StoredPoint>
}

/** Every collection and alias of the simulated server. */
export interface Store {
  collections: Map<string, StoredCollection>
  aliases: Map<string, string>
}

export function find(store: Store, name: string): StoredCollection {
  const found = store.collections.get(store.aliases.get(name) ?? name)
  if (!found) throw new Refused(404, `Not found: Collection \`${name}\` doesn't exist!`)
  return found
}

export function createCollection(store: Store, name: string, body: Schemas['CreateCollection']): void {
  if (store.collections.has(name) || store.aliases.has(name))
    throw new Refused(409, `Wrong input: Collection \`${name}\` already exists!`)
  const vectors = Object.entries((body.vectors ?? {}) as Record<string, Schemas['VectorParams']>)
  const sparse = Object.entries((body.sparse_vectors ?? {}) as Record<string, Schemas['SparseVectorParams']>)
  for (const [vector, { size, distance }] of vectors)
    if (!Number.isInteger(size) || !['Cosine', 'Dot', 'Euclid', 'Manhattan'].includes(distance))
      throw new Refused(400, `Format error in JSON body: vector ${vector} has no size or distance`)
  store.collections.set(name, {
    vectors: new Map(vectors),
    sparse: new Map(sparse),
    indexed: new Map(),
    points: new Map(),
  })
}

export function upsert(collection: StoredCollection, points: Schemas['PointStruct'][]): void {
  for (const { id, vector, payload } of points) {
    if (typeof id !== 'number' && !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(String(id)))
      throw new Refused(400, `Format error in JSON body: value ${String(id)} is not a valid point ID`)
    const dense = new Map<string, number[][]>()
    const sparse = new Map<string, Map<number, number>>()
    for (const [name, value] of Object.entries(vector as Record<string, unknown>)) {
      if (collection.sparse.has(name)) sparse.set(name, readSparse(value))
      else dense.set(name, readDense(collection, name, value))
    }
    collection.points.set(id, { id, dense, sparse, payload: structuredClone(payload ?? {}) as Record<string, unknown> })
  }
}

export function readSparse(value: unknown): Map<number, number> {
  const { indices = [], values = [] } = value as Partial<Schemas['SparseVector']>
  if (indices.length !== values.length) throw new Refused(422, 'Validation error: indices and values differ in length')
  const read = new Map(indices.map((index, at) => [index, values[at] ?? 0]))
  if (read.size !== indices.length) throw new Refused(422, 'Validation error: indices must be unique')
  if (indices.some((index) => !Number.isInteger(index) || index < 0 || index > 0xff_ff_ff_ff))
    throw new Refused(400, 'Format error in JSON body: an index is not a 32-bit number')
  return read
}

export function readDense(collection: StoredCollection, name: string, value: unknown): number[][] {
  const params = collection.vectors.get(name)
  if (!params) throw new Refused(400, `Wrong input: Not existing vector name error: ${name}`)
  const rows = (Array.isArray(value) && Array.isArray(value[0]) ? value : [value]) as number[][]
  if (Array.isArray(value) && Array.isArray(value[0]) && !params.multivector_config)
    throw new Refused(400, 'Wrong input: a multivector was given where none is configured')
  for (const row of rows)
    if (row.length !== params.size)
      throw new Refused(400, `Wrong input: Vector dimension error: expected dim: ${params.size}, got ${row.length}`)
  return rows
}
