import type { ToolRule } from '../rules.ts'

const READ: ToolRule = { effect: 'read', undoable: false }

/** What the agent itself knows of the Kubernetes server's tools; a contract test compares it with what the server publishes. */
export const kubernetesRules: readonly (readonly [string, ToolRule])[] = [
  ['kubernetes.cluster_overview', READ],
  ['kubernetes.clusters_list', READ],
  ['kubernetes.api_resources', READ],
  ['kubernetes.list', READ],
  ['kubernetes.get', READ],
  ['kubernetes.describe', READ],
  ['kubernetes.events', READ],
  ['kubernetes.logs', READ],
  ['kubernetes.top', READ],
  ['kubernetes.rollout_status', READ],
  ['kubernetes.rollout_history', READ],
  ['kubernetes.can_i', READ],
  ['kubernetes.diff', READ],
  ['kubernetes.probe_effect', READ],
  ['kubernetes.rollout_restart', { effect: 'write', undoable: false }],
  ['kubernetes.set_resources', { effect: 'write', undoable: true }],
  ['kubernetes.set_image', { effect: 'write', undoable: true }],
  // Only a plain count above zero is the smaller risk: whatever else it is given might stop the service.
  [
    'kubernetes.scale',
    {
      effect: 'destructive',
      undoable: true,
      effectOf: ({ replicas }) => (Number.isInteger(replicas) && Number(replicas) > 0 ? 'write' : 'destructive'),
    },
  ],
  ['kubernetes.cordon', { effect: 'write', undoable: true }],
  ['kubernetes.uncordon', { effect: 'write', undoable: true }],
  ['kubernetes.label_annotate', { effect: 'write', undoable: true }],
  ['kubernetes.create_job_from_cronjob', { effect: 'write', undoable: false }],
  ['kubernetes.rollout_undo', { effect: 'destructive', undoable: true }],
  ['kubernetes.apply', { effect: 'destructive', undoable: false }],
  ['kubernetes.delete', { effect: 'destructive', undoable: false }],
  ['kubernetes.evict_pod', { effect: 'destructive', undoable: false }],
  ['kubernetes.drain', { effect: 'destructive', undoable: false }],
]
