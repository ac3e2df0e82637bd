import { testServer } from '@watchkeeper/mcp-shared/testing'
import { expect, test } from 'vitest'
import type { Prometheus } from '../src/prometheus.ts'
import { tools } from '../src/tools/index.ts'
import { fakePrometheus } from './fake-prometheus.ts'

/** What clients pin. Meant to change? `vitest run mcp-servers/prometheus/test/published.test.ts -u` writes the file anew. */
test('A20: the published tools are the ones in the golden file, and each only reads', async () => {
  const server = await testServer<Prometheus>(tools, { main: fakePrometheus() })
  const { tools: list } = await server.client.listTools()
  expect(list.every(({ annotations }) => annotations?.readOnlyHint)).toBe(true)
  await expect(list.map((tool) => `${JSON.stringify(tool)}\n`).join('')).toMatchFileSnapshot('golden/tools.jsonl')
})
