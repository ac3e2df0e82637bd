import { testServer } from '@watchkeeper/mcp-shared/testing'
import { afterAll, expect, test } from 'vitest'
import { startPrometheus } from '../../../test/simulators/prometheus/server.ts'
import type { Prometheus } from '../src/prometheus.ts'
import { prometheusApi } from '../src/prometheus-api.ts'
import { tools } from '../src/tools/index.ts'

const simulator = await startPrometheus({
  token: 'let me in',
  series: [
    { query: 'memory', labels: { __name__: 'memory', pod: 'cart' }, value: (time) => time - 1_793_530_800 },
    { query: 'memory', labels: { __name__: 'memory', pod: 'shop' }, value: () => 5 },
    { query: 'ratio', labels: {}, value: () => Number.NaN },
  ],
  alerts: [
    {
      labels: { alertname: 'PodDown' },
      annotations: {},
      state: 'pending',
      activeAt: '2026-11-01T10:00:00Z',
      value: '1',
    },
  ],
  groups: [
    {
      name: 'pods',
      rules: [{ name: 'PodDown', type: 'alerting', query: 'up == 0', duration: 300, state: 'pending', health: 'ok' }],
    },
  ],
})
afterAll(() => simulator.stop())

const NOW = 1_793_534_400_000

async function ask(tool: string, args: object, token: string | undefined = 'let me in', url = simulator.url) {
  const port = prometheusApi({ name: 'main', url, token })
  const server = await testServer<Prometheus>(tools, { main: port }, { now: () => NOW })
  return (await server.call(tool, { ...args })).structuredContent
}

test('a range is told by its ends, its extremes and a sparkline; what moved most comes first', async () => {
  const answer = await ask('query_range', { expression: 'memory', minutes: 60 })
  expect(answer.items).toMatchObject([
    { series: 'memory{pod="cart"}', first: 0, last: 3600, min: 0, max: 3600, samples: 241 },
    { series: 'memory{pod="shop"}', first: 5, last: 5, sparkline: '▁'.repeat(32) },
  ])
  expect(JSON.stringify(answer.items)).toContain('▁▁▁▁▂')
  expect(answer.summary).toContain('went from 0 to 3600')
})

test('a value that is no number is said as text, and an empty answer as such', async () => {
  expect(await ask('query', { expression: 'ratio' })).toMatchObject({ items: [{ series: '{}', value: 'NaN' }] })
  expect(await ask('query', { expression: 'nothing' })).toMatchObject({ items: [], total: 0 })
})

test('alerts and rules are listed', async () => {
  expect(await ask('alerts', { state: 'firing' })).toMatchObject({ total: 0 })
  expect(await ask('alerts', {})).toMatchObject({ items: [{ name: 'PodDown', state: 'pending' }] })
  expect(await ask('rules', { name: 'PodDown' })).toMatchObject({ items: [{ query: 'up == 0', for_seconds: 300 }] })
})

test('every failure says who must act', async () => {
  expect(await ask('query', { expression: ')' })).toMatchObject({
    error: { code: 'invalid', message: expect.stringContaining('parse error') },
  })
  expect(await ask('query', { expression: 'up' }, 'wrong')).toMatchObject({ error: { code: 'forbidden' } })
  expect(await ask('query', { expression: 'up' }, undefined, 'http://127.0.0.1:9')).toMatchObject({
    error: { code: 'unreachable', retryable: true },
  })
})
