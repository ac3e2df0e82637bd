import type { ToolRule } from '../rules.ts'

/** The tools of the Kubernetes server, as this agent sees them. */
export const kubernetesRules: readonly (readonly [string, ToolRule])[] = [
  ['kubernetes.cluster_overview', { effect: 'read', undoable: false }],
  ['kubernetes.list', { effect: 'read', undoable: false }],
  ['kubernetes.get', { effect: 'read', undoable: false }],
  ['kubernetes.describe', { effect: 'read', undoable: false }],
  ['kubernetes.events', { effect: 'read', undoable: false }],
  ['kubernetes.logs', { effect: 'read', undoable: false }],
  ['kubernetes.rollout_status', { effect: 'read', undoable: false }],
  ['kubernetes.probe_effect', { effect: 'read', undoable: false }],
  ['kubernetes.rollout_restart', { effect: 'write', undoable: false }],
  ['kubernetes.set_resources', { effect: 'write', undoable: true }],
  [
    'kubernetes.scale',
    // Only a plain count above zero is the smaller risk: whatever else it is given might stop the service.
    {
      effect: 'destructive',
      undoable: true,
      effectOf: ({ replicas }) => (Number.isInteger(replicas) && Number(replicas) > 0 ? 'write' : 'destructive'),
    },
  ],
]
