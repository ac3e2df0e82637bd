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

test('a search that fails leaves the incident without suggestions', async () => {
  const down: KnowledgeSearch = {
    search: () => Promise.reject(new UpstreamError('Qdrant cannot be reached.', { vendor: 'Qdrant', retryable: true })),
  }
  expect(await note(await incident('anything'), down)).toEqual([])
})

test('a search that hangs is not waited for longer than a second', async () => {
  const hanging: KnowledgeSearch = { search: () => new Promise(() => {}) }
  const id = await incident('anything')
  const begun = performance.now()
  expect(await note(id, hanging)).toEqual([])
  expect(performance.now() - begun).toBeLessThan(1_900)
})
