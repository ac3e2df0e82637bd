import { toolContract } from '@watchkeeper/mcp-shared/testing'
import type { Prometheus } from '../src/prometheus.ts'
import { tools } from '../src/tools/index.ts'
import { alert, fakePrometheus, flat, memory, rule } from './fake-prometheus.ts'

const long = 'x'.repeat(5_000)
const many = Array.from({ length: 1_500 }, (_, at) => at)

toolContract<Prometheus>(tools, {
  samples: {
    clusters_list: {},
    query: { expression: 'up', limit: 200 },
    query_range: { expression: 'up', limit: 200 },
    alerts: { limit: 200 },
    rules: { limit: 200 },
  },
  port: () => fakePrometheus({ series: [memory, flat], alerts: [alert], rules: [rule] }),
  flooded: () =>
    fakePrometheus({
      series: many.map((at) => ({ ...memory, labels: { pod: `${at}${long}` } })),
      alerts: many.map((at) => ({ ...alert, labels: { alertname: `${at}${long}` }, annotations: { summary: long } })),
      rules: many.map((at) => ({ ...rule, name: `${at}${long}`, query: long })),
    }),
  fields: { name: 'main' },
  freeText: ['query.expression', 'query_range.expression'],
  listBytes: 12_000,
})
