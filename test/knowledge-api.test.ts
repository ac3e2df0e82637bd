import { expect, test } from 'vitest'
import { knowledgeSearch } from '../src/knowledge/retrieval/knowledge-search.ts'
import { knowledgeApi } from '../src/knowledge-api.ts'
import { fakeIndex } from './knowledge/doubles.ts'
import { page } from './knowledge/index/contract.ts'

async function api() {
  const { index } = fakeIndex()
  await index.put('runbooks', [page('memory', '# Out of memory\n\nRaise the limit.')])
  const stats = async (runbook: string) => ({ runbook, ran: 0, outcomes: {}, succeeded: 0, failed: 0, last: null })
  return knowledgeApi({ search: knowledgeSearch(index), runbook: () => undefined, stats, token: 'a long enough token' })
}

const headers = { authorization: 'Bearer a long enough token', 'content-type': 'application/json' }
const ask = async (body: unknown, sent: Record<string, string> = headers) =>
  (await api()).request('/api/knowledge/search', { method: 'POST', headers: sent, body: JSON.stringify(body) })

test('nobody reads without the token', async () => {
  expect((await ask({}, { 'content-type': 'application/json' })).status).toBe(401)
  expect((await ask({}, { ...headers, authorization: 'Bearer wrong' })).status).toBe(401)
  expect((await (await api()).request('/api/knowledge/runbooks/a')).status).toBe(401)
})

test('a search answers what was found and why', async () => {
  const response = await ask({ collection: 'runbooks', summary: 'out of memory' })
  expect(response.status).toBe(200)
  expect(await response.json()).toMatchObject({
    found: [{ id: 'memory', because: 'by words (out, memory)', excerpt: { heading: 'Out of memory' } }],
  })
})

test('a question of another shape is refused, and an unknown runbook is not there', async () => {
  expect((await ask({ collection: 'secrets', summary: 'x' })).status).toBe(400)
  expect((await (await api()).request('/api/knowledge/runbooks/a', { headers })).status).toBe(404)
})
