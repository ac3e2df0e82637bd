import type { EffectClass } from '../domain/plan.ts'

/** What the lint has to know of a tool; the schemas are JSON Schema objects as its server publishes them. */
export interface CatalogueTool {
  readonly effect: EffectClass
  readonly undoable: boolean
  readonly inputSchema: object
  readonly outputSchema?: object
}

/** Tools by `server.tool`. */
export type ToolCatalogue = ReadonlyMap<string, CatalogueTool>

/** Arguments that the agent adds to a call by itself; a runbook never writes them. */
export const AGENT_ARGUMENTS: readonly string[] = ['dry_run', 'precondition']
