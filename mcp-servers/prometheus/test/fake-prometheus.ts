import type { ActiveAlert, Prometheus, Rule, Series } from '../src/prometheus.ts'

/** A Prometheus that answers what it was given, whatever it is asked. */
export function fakePrometheus(has: { series?: Series[]; alerts?: ActiveAlert[]; rules?: Rule[] } = {}): Prometheus {
  const { series = [], alerts = [], rules = [] } = has
  return {
    name: 'main',
    query: async () => series,
    queryRange: async () => series,
    alerts: async () => alerts,
    rules: async () => rules,
  }
}

export const memory: Series = {
  labels: { __name__: 'memory', pod: 'cart' },
  samples: [1, 2, 8, 4].map((value, at) => [at * 60, value] as const),
}
export const flat: Series = {
  labels: { __name__: 'memory', pod: 'shop' },
  samples: [
    [0, 3],
    [60, 3],
  ],
}
export const alert: ActiveAlert = {
  labels: { alertname: 'PodDown', pod: 'cart' },
  annotations: { summary: 'a pod is down' },
  state: 'firing',
  activeAt: '2026-11-01T10:00:00Z',
  value: '1e+00',
}
export const rule: Rule = {
  group: 'pods',
  name: 'PodDown',
  kind: 'alerting',
  query: 'up == 0',
  state: 'firing',
  health: 'ok',
  duration: 300,
  lastError: '',
}
