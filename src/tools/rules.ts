import type { JsonObject } from '../domain/json.ts'
import type { EffectClass } from '../domain/plan.ts'
import { knowledgeRules } from './rules/knowledge.ts'
import { kubernetesRules } from './rules/kubernetes.ts'
import { prometheusRules } from './rules/prometheus.ts'
import { proxmoxRules } from './rules/proxmox.ts'
import { talosRules } from './rules/talos.ts'

/** What the agent itself knows of a tool. A server's own word is compared with it and never replaces it. */
export interface ToolRule {
  /** At its highest, as the server publishes it. */
  effect: EffectClass
  undoable: boolean
  /** Where the arguments decide how much is at risk. */
  effectOf?: (args: JsonObject) => EffectClass
  /** Its precondition's generation counts its own calls and no versions of the target: other tools leave it as it is. */
  countsOwnCalls?: true
}

/** Every tool of our own servers that the agent may call, by `server.tool`. A tool that is not here is refused, whoever asks. */
export const toolRules: ReadonlyMap<string, ToolRule> = new Map<string, ToolRule>([
  ...kubernetesRules,
  ...proxmoxRules,
  ...talosRules,
  ...prometheusRules,
  ...knowledgeRules,
])

/** The servers that come with Watchkeeper: their tools are known here, and no installation declares them. */
export const OWN_SERVERS: readonly string[] = ['kubernetes', 'proxmox', 'talos', 'prometheus', 'knowledge']

/** Tools of other people's servers by `server.tool`, with the effect that this installation declares for each. */
export type DeclaredTools = ReadonlyMap<string, EffectClass>

/** The effect of one call with these arguments; undefined for a tool nobody knows. */
export function effectOfCall(tool: string, args: JsonObject, declared?: DeclaredTools): EffectClass | undefined {
  const known = toolRules.get(tool)
  return known ? (known.effectOf?.(args) ?? known.effect) : declared?.get(tool)
}
