import type { ToolRule } from '../rules.ts'

const READ: ToolRule = { effect: 'read', undoable: false }

/** What the agent itself knows of the Prometheus server's tools: none of them changes anything. */
export const prometheusRules: readonly (readonly [string, ToolRule])[] = [
  ['prometheus.clusters_list', READ],
  ['prometheus.query', READ],
  ['prometheus.query_range', READ],
  ['prometheus.alerts', READ],
  ['prometheus.rules', READ],
]
