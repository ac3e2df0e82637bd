import { testServer } from '@watchkeeper/mcp-shared/testing'
import { expect, test } from 'vitest'
import type { Knowledge } from '../src/knowledge.ts'
import { tools } from '../src/tools/index.ts'
import { fakeKnowledge } from './fake-knowledge.ts'

/** What clients pin. Meant to change? `vitest run mcp-servers/knowledge/test/published.test.ts -u` writes the file anew. */
test('A20: the published tools are the ones in the golden file, and each only reads', async () => {
  const server = await testServer<Knowledge>(tools, { watchkeeper: fakeKnowledge() })
  const { tools: list } = await server.client.listTools()
  expect(list.every(({ annotations }) => annotations?.readOnlyHint)).toBe(true)
  await expect(list.map((tool) => `${JSON.stringify(tool)}\n`).join('')).toMatchFileSnapshot('golden/tools.jsonl')
})

test('a long runbook is cut once, and the number of what is left out is true', async () => {
  const knowledge = fakeKnowledge()
  const runbook: Knowledge['runbook'] = async (id, signal) => ({
    ...(await knowledge.runbook(id, signal)),
    prose: 'p'.repeat(20_000),
  })
  const server = await testServer<Knowledge>(tools, { watchkeeper: { ...knowledge, runbook } })
  const { object } = (await server.call('runbook_get', { runbook: 'pod-oom-killed' })).structuredContent
  expect(object).toMatchObject({ prose: `${'p'.repeat(8_000)}… (12000 more characters)` })
})

test('nothing fits is said, and bad ends are told', async () => {
  const server = await testServer<Knowledge>(tools, { watchkeeper: fakeKnowledge(undefined, false) })
  expect((await server.call('search', { summary: 'zzz' })).structuredContent).toMatchObject({
    fits: false,
    summary: 'Nothing fits.',
  })
  expect((await server.call('decisions_like', { summary: 'zzz' })).structuredContent).toMatchObject({
    items: [{ outcome: 'not_fixed', ended: 'The alert still fires.', likelihood: 0.93 }],
  })
  expect((await server.call('runbook_get', { runbook: 'none' })).structuredContent).toMatchObject({
    error: { code: 'not_found' },
  })
})
