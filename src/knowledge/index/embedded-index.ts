import type { JsonObject } from '../../domain/json.ts'
import { inTransaction, json, type Sql, type Tx } from '../../storage/postgres.ts'
import type { Chunk } from '../retrieval/page.ts'
import {
  COLLECTIONS,
  type Collection,
  type CollectionStatus,
  DIMENSIONS,
  type IndexedPage,
  type KnowledgeIndex,
} from './knowledge-index.ts'
import { type MemoryIndex, memoryIndex } from './memory-index.ts'
import { type VectorScan, vectorScan } from './vector-scan.ts'

/** Rows read at a time, so that the event loop is never held for long. */
const BATCH = 50

/**
 * The index without Qdrant: rows in Postgres, and in this process a copy that is searched. Each search first asks for the
 * collection's revision and reads what other replicas changed.
 */
export function embeddedIndex(sql: Sql): KnowledgeIndex {
  const copies = new Map<Collection, Copy>()
  const threads: Promise<VectorScan>[] = []

  function copyOf(collection: Collection): Copy {
    const known = copies.get(collection)
    if (known) return known
    let thread: Promise<VectorScan> | undefined
    const start = () => {
      thread ??= vectorScan()
      if (!threads.includes(thread)) threads.push(thread)
      return thread
    }
    const copy: Copy = { memory: memoryIndex(start), revisions: new Map(), at: 0, catchingUp: Promise.resolve() }
    copies.set(collection, copy)
    return copy
  }

  return {
    async put(collection, pages, signal) {
      signal?.throwIfAborted()
      if (pages.length > 0) await inTransaction(sql, (tx) => writePages(tx, collection, pages))
    },
    async remove(collection, ids, signal) {
      signal?.throwIfAborted()
      if (ids.length === 0) return
      await inTransaction(sql, async (tx) => {
        await nextRevision(tx, collection)
        await tx`delete from knowledge_pages where collection = ${collection} and id = any(${[...ids]})`
      })
    },
    async held(collection) {
      const rows = await sql<{ id: string; source: string; hash: string; embedded: boolean }[]>`
        select id, source, hash, length(vectors) > 0 as embedded from knowledge_pages where collection = ${collection}`
      return new Map(rows.map(({ id, ...held }) => [id, held]))
    },
    async rebuild(collection, pages, signal) {
      // All of them first: what is slow about a page, its embedding, does not belong into a transaction.
      const all: IndexedPage[] = []
      for await (const page of pages) {
        signal?.throwIfAborted()
        all.push(page)
      }
      await inTransaction(sql, async (tx) => {
        await nextRevision(tx, collection)
        await tx`delete from knowledge_pages where collection = ${collection}`
        await writePages(tx, collection, all)
      })
    },
    async search(collection, query, signal) {
      const copy = copyOf(collection)
      copy.catchingUp = copy.catchingUp.catch(() => {}).then(() => catchUp(sql, collection, copy))
      await copy.catchingUp
      signal?.throwIfAborted()
      return await copy.memory.search(query)
    },
    async page(collection, id) {
      const [row] = await sql<PageRow[]>`
        select * from knowledge_pages where collection = ${collection} and id = ${id}`
      if (!row) return undefined
      const { vectors: _, ...page } = toPage(row)
      return page
    },
    async status() {
      const rows = await sql<CollectionStatus[]>`
        select collection, count(*) as pages, coalesce(sum(jsonb_array_length(chunks)), 0) as chunks,
          coalesce(sum(length(vectors) / ${DIMENSIONS * 4}::integer), 0) as vectors
        from knowledge_pages group by collection`
      return COLLECTIONS.map(
        (collection) =>
          rows.find((row) => row.collection === collection) ?? { collection, pages: 0, chunks: 0, vectors: 0 },
      )
    },
    async close() {
      for (const thread of threads.splice(0)) await (await thread).close()
    },
  }
}

/** What this process has read of a collection. */
interface Copy {
  readonly memory: MemoryIndex
  /** The revision in which each page was written last. */
  readonly revisions: Map<string, number>
  /** The collection's revision as of the last look. */
  at: number
  /** Ends when the last look has; looks go one after another. */
  catchingUp: Promise<void>
}

interface PageRow {
  id: string
  source: string
  hash: string
  title: string
  file: string
  headings: string[]
  prose: string
  chunks: Chunk[]
  vectors: Uint8Array
  facts: JsonObject
  revision: number
}

async function nextRevision(tx: Tx, collection: Collection): Promise<number> {
  const [row] = await tx<{ revision: number }[]>`
    update knowledge_revisions set revision = revision + 1 where collection = ${collection} returning revision`
  if (!row) throw new Error(`the collection ${collection} has no revision`)
  return row.revision
}

async function writePages(tx: Tx, collection: Collection, pages: readonly IndexedPage[]): Promise<void> {
  const revision = await nextRevision(tx, collection)
  for (const page of pages) {
    const { id, source, hash, title, file, headings, prose, chunks, facts } = page
    const row = { collection, id, source, hash, title, file, headings: [...headings], prose, revision }
    await tx`
      insert into knowledge_pages ${tx({ ...row, chunks: json(tx, chunks), facts: json(tx, facts), vectors: toBytes(page.vectors) })}
      on conflict (collection, id) do update set source = excluded.source, hash = excluded.hash, title = excluded.title,
        file = excluded.file, headings = excluded.headings, prose = excluded.prose, chunks = excluded.chunks,
        vectors = excluded.vectors, facts = excluded.facts, revision = excluded.revision, indexed_at = watch_now()`
  }
}

async function catchUp(sql: Sql, collection: Collection, copy: Copy): Promise<void> {
  const [now] = await sql<{ revision: number }[]>`
    select revision from knowledge_revisions where collection = ${collection}`
  if (!now || now.revision === copy.at) return
  const rows = await sql<{ id: string; revision: number }[]>`
    select id, revision from knowledge_pages where collection = ${collection}`
  const there = new Map(rows.map(({ id, revision }) => [id, revision]))
  const gone = [...copy.revisions.keys()].filter((id) => !there.has(id))
  await copy.memory.remove(gone)
  for (const id of gone) copy.revisions.delete(id)
  const changed = [...there].filter(([id, revision]) => copy.revisions.get(id) !== revision).map(([id]) => id)
  for (let at = 0; at < changed.length; at += BATCH) {
    const pages = await sql<PageRow[]>`
      select * from knowledge_pages where collection = ${collection} and id = any(${changed.slice(at, at + BATCH)})`
    await copy.memory.put(pages.map(toPage))
    for (const { id, revision } of pages) copy.revisions.set(id, revision)
  }
  copy.at = now.revision
}

function toPage({ vectors, revision: _, ...row }: PageRow): IndexedPage {
  const { id, source, hash, title, file, headings, prose, chunks, facts } = row
  return { id, source, hash, title, file, headings, prose, chunks, facts, vectors: toVectors(vectors) }
}

function toBytes(vectors: readonly Float32Array[]): Buffer {
  return Buffer.concat(vectors.map(({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength)))
}

/** Copied first: the driver's bytes need not begin where a float may. */
function toVectors(bytes: Uint8Array): Float32Array[] {
  const all = new Float32Array(Uint8Array.from(bytes).buffer)
  return Array.from({ length: all.length / DIMENSIONS }, (_, at) =>
    all.subarray(at * DIMENSIONS, (at + 1) * DIMENSIONS),
  )
}
