import type { PlanIdea } from '../domain/answer.ts'
import type { JsonObject } from '../domain/json.ts'
import type { Runbook } from '../domain/runbook.ts'
import { misfits } from '../knowledge/schema-fit.ts'
import { type DeclaredTools, effectOfCall } from '../tools/rules.ts'

/** A tool that changes something, as far as a plan may use it. */
export interface ChangingTool {
  /** `server.tool` */
  name: string
  description: string
  parameters: JsonObject
}

export interface Possible {
  runbooks: ReadonlyMap<string, Runbook>
  changing: readonly ChangingTool[]
  declared: DeclaredTools
}

/**
 * Why an idea cannot even be proposed, in a sentence that a model is told; undefined when it can. Pure. Whether it may run is
 * decided elsewhere, by policy and by people, when the exact plan is known.
 */
export function unfit(idea: PlanIdea, { runbooks, changing, declared }: Possible): string | undefined {
  if ('runbook' in idea) {
    const runbook = runbooks.get(idea.runbook)
    if (!runbook) return `There is no runbook ${idea.runbook.slice(0, 80)}.`
    if (runbook.steps.length === 0) return `The runbook ${runbook.id} only advises.`
    const names = runbook.inputs.map(({ name }) => name)
    const strange = Object.keys(idea.inputs).find((name) => !names.includes(name))
    return strange === undefined
      ? undefined
      : `${runbook.id} has no input ${strange.slice(0, 60)}; it has ${names.join(', ') || 'none'}.`
  }
  for (const { tool, arguments: args } of idea.actions) {
    const known = changing.find(({ name }) => name === tool)
    const effect = effectOfCall(tool, args, declared)
    if (!known || effect === undefined || effect === 'read')
      return `${tool.slice(0, 80)} is not a tool that changes anything here.`
    if ('precondition' in args || 'dry_run' in args) return `${tool}: dry_run and precondition are not yours to give.`
    const [wrong] = misfits(args, withoutRehearsal(known.parameters), () => false)
    if (wrong) return `${tool}: ${wrong.pointer.join('.') || 'the arguments'} ${wrong.message}`
  }
  return undefined
}

/** The cluster is filled in where it is left out. */
function withoutRehearsal(schema: JsonObject): JsonObject {
  const { required } = schema
  return Array.isArray(required) ? { ...schema, required: required.filter((name) => name !== 'cluster') } : schema
}
