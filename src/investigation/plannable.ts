import type { Json, JsonObject } from '../domain/json.ts'
import type { Runbook } from '../domain/runbook.ts'
import { whyNotProposed } from '../tools/model-plans.ts'
import type { DeclaredTools } from '../tools/rules.ts'
import type { PublishedTool } from '../tools/toolbox.ts'
import type { LookingTool, Plannable } from './port.ts'

/** The agent sets them; a model neither sees nor names them. */
const OURS = new Set(['dry_run', 'precondition'])

/** What of the published tools and of the runbooks a model may propose, by the agent's own word on their risk. */
export function plannableOf(
  published: readonly PublishedTool[],
  runbooks: Iterable<Runbook>,
  declared?: DeclaredTools,
): Plannable {
  return {
    runbooks: [...runbooks]
      .filter(({ steps }) => steps.length > 0)
      .map(({ id, inputs }) => ({ id, inputs: inputs.map(({ name }) => name) }))
      .sort((a, b) => (a.id < b.id ? -1 : 1)),
    tools: published.filter(({ name }) => whyNotProposed(name, {}, declared) === undefined).map(toProposable),
    whyNot: (tool, args) => whyNotProposed(tool, args, declared),
  }
}

function toProposable({ name, definition }: PublishedTool): LookingTool {
  const { description, inputSchema } = definition
  const schema = isObject(inputSchema) ? inputSchema : { type: 'object' }
  const properties = isObject(schema.properties) ? schema.properties : {}
  const left = Object.fromEntries(Object.entries(properties).filter(([key]) => !OURS.has(key)))
  const required = Array.isArray(schema.required) ? schema.required.filter((key) => !OURS.has(String(key))) : []
  return {
    name,
    description: typeof description === 'string' ? description : '',
    parameters: { ...schema, properties: left, required },
  }
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
