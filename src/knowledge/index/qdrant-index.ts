import { randomUUID } from 'node:crypto'
import type { QdrantClient, Schemas } from '@qdrant/js-client-rest'
import { measure, type RarityOf } from '../retrieval/figures.ts'
import { rarity } from '../retrieval/weights.ts'
import { termsOf } from '../retrieval/words.ts'
import {
  CANDIDATES,
  COLLECTIONS,
  type Collection,
  DIMENSIONS,
  type Held,
  type Hit,
  type IndexedPage,
  type IndexQuery,
  type KnowledgeIndex,
} from './knowledge-index.ts'
import { openClient } from './qdrant-client.ts'
import { toUpstream } from './qdrant-errors.ts'
import { DENSE, INDEXED, type PointPayload, pointId, sparse, toPage, toPoint, WORDS } from './qdrant-points.ts'

export interface QdrantIndexOptions {
  /** `http://qdrant:6333` */
  readonly url: string
  readonly apiKey?: string
  /** Put before the names of the aliases, for several installations on one server. */
  readonly prefix?: string
  /** Milliseconds one request may take; 10,000 unless told. */
  readonly timeoutMs?: number
}

/** Points in one request: vectors as JSON are large, and the server takes 32 MB at most. */
const BATCH = 32
const SCROLL = 256
/** How long the count of a word is taken to be true, in milliseconds. */
const COUNTS_MS = 60_000

/**
 * The index in Qdrant. One point is one page: its chunks are a multivector of which the best counts, its words a sparse vector
 * that the server weighs by rarity (`idf`), and both are fused there by reciprocal rank.
 *
 * `runbooks`, `decisions` and `documentation` are aliases: a rebuild fills a collection of its own and moves the alias over.
 * API: https://api.qdrant.tech/api-reference
 */
export function qdrantIndex(options: QdrantIndexOptions): KnowledgeIndex {
  const { url, apiKey, prefix = '', timeoutMs = 10_000 } = options
  const client = openClient({ url, apiKey, timeoutMs })
  const ready = new Map<Collection, Promise<string>>()
  const counts = new Map<Collection, { at: number; pages: number; words: Map<string, number> }>()

  /** Sends one request; what comes back wrong is Qdrant's failure, in words for people. */
  async function ask<T>(signal: AbortSignal | undefined, send: () => Promise<T>): Promise<T> {
    signal?.throwIfAborted()
    try {
      return await send()
    } catch (error) {
      throw toUpstream(error, timeoutMs)
    }
  }

  /** The alias of a collection, after it has been seen to exist. */
  async function aliasOf(collection: Collection, signal?: AbortSignal): Promise<string> {
    const known = ready.get(collection)
    if (known) return await known
    const opening = ask(signal, () => open(client, prefix + collection))
    ready.set(collection, opening)
    opening.catch(() => ready.delete(collection))
    return await opening
  }

  async function upsert(name: string, pages: readonly IndexedPage[], signal?: AbortSignal): Promise<void> {
    for (let at = 0; at < pages.length; at += BATCH) {
      const points = pages.slice(at, at + BATCH).map(toPoint)
      await ask(signal, () => client.upsert(name, { wait: true, points }))
    }
  }

  async function* scroll(alias: string, fields: (keyof PointPayload)[], signal?: AbortSignal) {
    let offset: Schemas['ScrollResult']['next_page_offset'] = null
    do {
      const from: Pick<Schemas['ScrollRequest'], 'offset'> = offset === null ? {} : { offset }
      const page: Schemas['ScrollResult'] = await ask(signal, () =>
        client.scroll(alias, { limit: SCROLL, with_payload: fields, with_vector: false, ...from }),
      )
      for (const { payload } of page.points) yield payload as unknown as PointPayload
      offset = page.next_page_offset ?? null
    } while (offset !== null)
  }

  /** Counts the pages that have each word, as far as that is not known from a moment ago. */
  async function raritiesOf(collection: Collection, words: Iterable<string>, signal?: AbortSignal): Promise<RarityOf> {
    const alias = await aliasOf(collection, signal)
    const count = async (filter?: Schemas['Filter']) =>
      (await ask(signal, () => client.count(alias, { exact: true, ...(filter && { filter }) }))).count
    let known = counts.get(collection)
    if (!known || Date.now() - known.at > COUNTS_MS) {
      known = { at: Date.now(), pages: await count(), words: new Map() }
      counts.set(collection, known)
    }
    const { pages, words: had } = known
    const missing = [...new Set(words)].filter((word) => !had.has(word))
    await Promise.all(missing.map(async (word) => had.set(word, await count(having('words', word)))))
    return (word) => rarity(pages, had.get(word) ?? 0)
  }

  return {
    async put(collection, pages, signal) {
      await upsert(await aliasOf(collection, signal), pages, signal)
      counts.delete(collection)
    },
    async remove(collection, ids, signal) {
      if (ids.length === 0) return
      const alias = await aliasOf(collection, signal)
      await ask(signal, () => client.delete(alias, { wait: true, points: ids.map(pointId) }))
      counts.delete(collection)
    },
    async held(collection, signal) {
      const held = new Map<string, Held>()
      const fields: (keyof PointPayload)[] = ['page', 'source', 'hash', 'embedded']
      for await (const { page, source, hash, embedded } of scroll(await aliasOf(collection, signal), fields, signal))
        held.set(page, { source, hash, embedded })
      return held
    },
    async rebuild(collection, pages, signal) {
      const alias = await aliasOf(collection, signal)
      const fresh = `${alias}-${randomUUID()}`
      try {
        await ask(signal, () => create(client, fresh))
        const batch: IndexedPage[] = []
        for await (const page of pages) {
          batch.push(page)
          if (batch.length === BATCH) await upsert(fresh, batch.splice(0), signal)
        }
        await upsert(fresh, batch, signal)
        await ask(signal, () => pointAlias(client, alias, fresh))
      } catch (error) {
        await client.deleteCollection(fresh).catch(() => {})
        throw error
      }
      counts.delete(collection)
      await ask(undefined, () => dropOthers(client, alias, fresh))
    },
    async search(collection, query, signal) {
      const alias = await aliasOf(collection, signal)
      const searches = searchesOf(query)
      const answers = await ask(signal, () => client.queryBatch(alias, { searches: Object.values(searches) }))
      const names = Object.keys(searches)
      const points = (name: string) => answers[names.indexOf(name)]?.points ?? []
      const hits = ordered({
        named: points('named'),
        words: points('words'),
        meaning: points('meaning'),
        best: points('best'),
      }).slice(0, query.limit)
      const texts = hits.flatMap(({ page }) => termsOf(`${page.title}\n${page.file}`).words)
      const asked = [...query.terms.keys()].filter((term) => !term.includes(' '))
      const rarityOf = await raritiesOf(collection, [...asked, ...texts], signal)
      return hits.map((hit) => ({ ...hit, ...measure(hit.page, query.terms, rarityOf) }))
    },
    async page(collection, id, signal) {
      const alias = await aliasOf(collection, signal)
      const [point] = await ask(signal, () => client.retrieve(alias, { ids: [pointId(id)], with_payload: true }))
      return point?.payload ? toPage(point.payload) : undefined
    },
    async status(signal) {
      const all = COLLECTIONS.map(async (collection) => {
        const status = { collection, pages: 0, chunks: 0, vectors: 0 }
        const alias = await aliasOf(collection, signal)
        for await (const { chunk_count, embedded } of scroll(alias, ['chunk_count', 'embedded'], signal)) {
          status.pages += 1
          status.chunks += chunk_count
          status.vectors += embedded ? chunk_count : 0
        }
        return status
      })
      return await Promise.all(all)
    },
    async close() {},
  }
}

/** Finds the alias, or makes it with its first collection. Two replicas may do this at once: the name is the same for both. */
async function open(client: QdrantClient, alias: string): Promise<string> {
  const { aliases } = await client.getAliases()
  if (aliases.some(({ alias_name }) => alias_name === alias)) return alias
  const first = `${alias}-first`
  await create(client, first).catch(async (error: unknown) => {
    if (!(await client.collectionExists(first)).exists) throw error
  })
  await client.updateCollectionAliases({ actions: [{ create_alias: { collection_name: first, alias_name: alias } }] })
  return alias
}

async function create(client: QdrantClient, name: string): Promise<void> {
  await client.createCollection(name, {
    vectors: { [DENSE]: { size: DIMENSIONS, distance: 'Cosine', multivector_config: { comparator: 'max_sim' } } },
    sparse_vectors: { [WORDS]: { modifier: 'idf' } },
    on_disk_payload: true,
  })
  for (const field_name of INDEXED)
    await client.createPayloadIndex(name, { wait: true, field_name, field_schema: 'keyword' })
}

/** Both in one request, which the server carries out as one: no search finds the alias gone. */
async function pointAlias(client: QdrantClient, alias: string, name: string): Promise<void> {
  const actions = [
    { delete_alias: { alias_name: alias } },
    { create_alias: { collection_name: name, alias_name: alias } },
  ]
  await client.updateCollectionAliases({ actions })
}

/**
 * Removes what the alias pointed to before, and what rebuilds that died have left. Only names as they are given here: the
 * server may be shared, and a collection that merely begins alike is somebody's.
 */
async function dropOthers(client: QdrantClient, alias: string, kept: string): Promise<void> {
  const { collections } = await client.getCollections()
  for (const { name } of collections) {
    const own = name.startsWith(`${alias}-`) && OWN_SUFFIX.test(name.slice(alias.length + 1))
    if (own && name !== kept) await client.deleteCollection(name)
  }
}

const OWN_SUFFIX = /^(first|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/

function having(key: (typeof INDEXED)[number], value: string): Schemas['Filter'] {
  return { must: [{ key, match: { value } }] }
}

/** What is asked in one request: who bears the name, the ranks by words and by meaning, and the fusion of both. */
function searchesOf({ terms, vector, name, limit }: IndexQuery): Record<string, Schemas['QueryRequest']> {
  const words = { query: sparse(terms), using: WORDS, limit: CANDIDATES }
  const meaning = vector && { query: [Array.from(vector)], using: DENSE, limit: CANDIDATES }
  const asked = terms.size > 0 ? [words] : []
  const prefetch = meaning ? [...asked, meaning] : asked
  return {
    ...(name && { named: { filter: having('names', name), limit, with_payload: true } }),
    ...(terms.size > 0 && { words: { ...words, with_payload: false } }),
    ...(meaning && { meaning: { ...meaning, with_payload: false } }),
    ...(prefetch.length > 0 && { best: { prefetch, query: { fusion: 'rrf' as const }, limit, with_payload: true } }),
  }
}

type Points = Schemas['ScoredPoint'][]

function ordered({ named, words, meaning, best }: Record<'named' | 'words' | 'meaning' | 'best', Points>) {
  const places = (points: Points) => new Map(points.map(({ id }, at) => [id, at]))
  const inWords = places(words)
  const inMeaning = places(meaning)
  const names = new Set(named.map(({ id }) => id))
  const others = best.filter(({ id }) => !names.has(id))
  return [...namedFirst(named, best), ...others].map(({ id, payload }): Pick<Hit, 'page' | 'named' | 'ranks'> => {
    const { hash: _, ...page } = toPage(payload)
    return { page, named: names.has(id), ranks: { words: inWords.get(id), meaning: inMeaning.get(id) } }
  })
}

/** Those that bear the name, in the order in which the fusion has them. */
function namedFirst(named: Points, best: Points): Points {
  const order = new Map(best.map(({ id }, at) => [id, at]))
  const place = ({ id }: Points[number]) => order.get(id) ?? best.length
  return [...named].sort((a, b) => place(a) - place(b))
}
