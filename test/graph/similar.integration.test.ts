import { afterAll, expect, test } from 'vitest'
import { writeLedger } from '../../src/autonomy/ledger.ts'
import { UpstreamError } from '../../src/domain/errors.ts'
import type { GraphDeps } from '../../src/graph/deps.ts'
import { noteSimilar } from '../../src/graph/similar.ts'
import { beginning } from '../../src/graph/state.ts'
import { embeddedIndex } from '../../src/knowledge/index/embedded-index.ts'
import { ingest } from '../../src/knowledge/ingest.ts'
import { type KnowledgeSearch, knowledgeSearch } from '../../src/knowledge/retrieval/knowledge-search.ts'
import { decisionSource } from '../../src/knowledge/sources/decision-source.ts'
import { inTransaction } from '../../src/storage/postgres.ts'
import { seedIncident } from '../approvals/seed.ts'
import { testDatabase } from '../support/postgres.ts'

const db = await testDatabase()
const index = embeddedIndex(db.sql)
afterAll(async () => {
  await index.close()
  await db.close()
})

async function incident(summary: string): Promise<number> {
  const id = await seedIncident(db.sql)
  await db.sql`
    update incidents set annotations = ${db.sql.json({ summary })} where id = ${id}`
  await db.sql`
    update alerts set annotations = ${db.sql.json({ summary })}, labels = ${db.sql.json({ alertname: 'KubePodCrashLooping' })}
    where incident_id = ${id}`
  return id
}

async function note(id: number, knowledge: KnowledgeSearch): Promise<{ summary: string; ok: boolean }[]> {
  // Only the database is asked for anything.
  await noteSimilar({ sql: db.sql, knowledge } as GraphDeps & { knowledge: KnowledgeSearch }, beginning(id).flow)
  return await db.sql<{ summary: string; ok: boolean }[]>`
    select summary, ok from evidence where incident_id = ${id} and key = 'similar'`
}

test('a past decision is suggested with how it ended, a bad end too, and never the incident’s own', async () => {
  const past = await incident('The pod keeps crashing on its config')
  await inTransaction(db.sql, (tx) =>
    writeLedger(tx, [
      {
        kind: 'outcome',
        incident: past,
        body: { round: 1, outcome: 'not_fixed', because: 'The alert still fires.', ran: 1 },
      },
    ]),
  )
  await ingest(index, decisionSource(db.sql))
  const now = await incident('The pod keeps crashing on its config')
  const search = knowledgeSearch(index)
  expect(await note(now, search)).toEqual([{ ok: true, summary: `similar: #${past}, not fixed, by its name` }])
  expect(await note(past, search)).toEqual([])
})

test('a search that fails leaves the incident without suggestions, and that is said', async () => {
  const down: KnowledgeSearch = {
    search: () => Promise.reject(new UpstreamError('Qdrant cannot be reached.', { vendor: 'Qdrant', retryable: true })),
  }
  expect(await note(await incident('anything'), down)).toEqual([
    { ok: false, summary: 'not searched for similar ones: Qdrant cannot be reached.' },
  ])
})

test('a search that hangs is not waited for longer than a second', async () => {
  const hanging: KnowledgeSearch = { search: () => new Promise(() => {}) }
  const id = await incident('anything')
  const begun = performance.now()
  expect(await note(id, hanging)).toEqual([
    { ok: false, summary: 'not searched for similar ones: it took longer than a second' },
  ])
  expect(performance.now() - begun).toBeLessThan(1_900)
})

test('one collection that cannot be asked leaves what the other found', async () => {
  const found = {
    ...{ collection: 'runbooks' as const, id: 'r', title: 'Out of memory', source: 'runbooks', facts: {} },
    ...{ because: 'by words (memory)', likelihood: 0.99, excerpt: () => ({ heading: '', text: '' }) },
  }
  const half: KnowledgeSearch = {
    search: (collection) =>
      collection === 'runbooks'
        ? Promise.resolve({ found: [found], fits: true, because: '', degraded: undefined })
        : Promise.reject(new UpstreamError('Qdrant answered 503.', { vendor: 'Qdrant', retryable: true })),
  }
  expect(await note(await incident('anything'), half)).toEqual([
    {
      ok: false,
      summary:
        'similar: the runbook "Out of memory", by words (memory) · not searched for similar ones: Qdrant answered 503.',
    },
  ])
})

test('a search by words alone, because the embedder is away, says so', async () => {
  const degraded = 'searched by words alone: Ollama cannot be reached at OLLAMA_HOST.'
  const wordsAlone: KnowledgeSearch = { search: async () => ({ found: [], fits: false, because: '', degraded }) }
  expect(await note(await incident('anything'), wordsAlone)).toEqual([{ ok: false, summary: degraded }])
})
