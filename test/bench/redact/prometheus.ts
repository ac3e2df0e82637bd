import { prometheusApi } from '../../../mcp-servers/prometheus/src/prometheus-api.ts'
import { tools } from '../../../mcp-servers/prometheus/src/tools/index.ts'
import { startPrometheus } from '../../simulators/prometheus/server.ts'
import { type RedactBench, servable } from './planted-server.ts'

/** Labels, annotations, expressions and errors of rules carry every text. */
export const prometheusRedact: RedactBench = {
  server: 'prometheus',
  async start(texts) {
    const series = texts.map(({ text }, at) => ({
      query: 'planted',
      labels: { __name__: 'planted', kind: `${at}`, note: text },
      value: () => at,
    }))
    const alerts = texts.map(({ text }) => ({
      labels: { alertname: 'Planted', note: text },
      annotations: { summary: text },
      state: 'firing',
      activeAt: '2026-11-01T10:00:00Z',
      value: '1',
    }))
    const rules = texts.map(({ text }, at) => ({
      name: `planted_${at}`,
      type: 'alerting',
      query: `planted{note="${text}"} > 0`,
      health: 'err',
      lastError: text,
    }))
    const simulator = await startPrometheus({ series, alerts, groups: [{ name: 'planted', rules }] })
    const definition = {
      name: 'watchkeeper-prometheus',
      title: 'Watchkeeper for Prometheus',
      version: '0',
      instructions: '',
      tools,
      ports: new Map([['main', prometheusApi({ name: 'main', url: simulator.url, token: undefined })]]),
    }
    const limit = 200
    return {
      ...servable(definition),
      planted: texts,
      calls: [
        { tool: 'clusters_list', args: {} },
        { tool: 'query', args: { expression: 'planted', limit } },
        { tool: 'query_range', args: { expression: 'planted', limit } },
        { tool: 'alerts', args: { limit } },
        { tool: 'rules', args: { limit } },
      ],
      stop: () => simulator.stop(),
    }
  },
}
