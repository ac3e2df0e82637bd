import type { JsonObject } from '../domain/json.ts'
import type { EffectClass } from '../domain/plan.ts'

/** What the agent itself knows of a tool. A server's own word is compared with it and never replaces it. */
export interface ToolRule {
  /** At its highest, as the server publishes it. */
  effect: EffectClass
  undoable: boolean
  /** Where the arguments decide how much is at risk. */
  effectOf?: (args: JsonObject) => EffectClass
}

/** Every tool the agent may call, by `server.tool`. A tool that is not here is refused, whoever asks. */
export const toolRules: ReadonlyMap<string, ToolRule> = new Map<string, ToolRule>([
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
])

/** The effect of one call with these arguments; undefined for a tool nobody knows. */
export function effectOfCall(tool: string, args: JsonObject): EffectClass | undefined {
  const known = toolRules.get(tool)
  return known && (known.effectOf?.(args) ?? known.effect)
}
