import type { Json, JsonObject } from '../domain/json.ts'
import { misfits } from '../knowledge/schema-fit.ts'
import { type DeclaredTools, effectOfCall } from '../tools/rules.ts'
import type { PublishedTool, Toolbox } from '../tools/toolbox.ts'
import type { Looking, LookingTool } from './port.ts'

/**
 * The tools of the toolbox that only look, by the agent's own word on their risk; `only` narrows them further. What changes
 * anything is not listed and not called, whatever is asked for, and no call carries a permit.
 */
export function readOnlyTools(
  toolbox: Toolbox,
  { declared, only }: { declared?: DeclaredTools; only?: readonly string[] } = {},
): Looking {
  const looksOnly = (tool: string, args: JsonObject) =>
    effectOfCall(tool, args, declared) === 'read' && (only === undefined || only.includes(tool))
  return {
    async tools() {
      return (await toolbox.tools()).filter(({ name }) => looksOnly(name, {})).map(toLooking)
    },
    async look(tool, args, options) {
      if (!looksOnly(tool, args)) return { ok: false, message: `${tool} is not a tool that only looks.` }
      const answer = await toolbox.call(tool, args, options)
      return answer.ok ? answer : { ok: false, message: answer.message }
    },
  }
}

/** Why a call may not be made, in a sentence that the model is told; undefined when it may. */
export function misuse(tools: readonly LookingTool[], name: string, args: JsonObject): string | undefined {
  const tool = tools.find((candidate) => candidate.name === name)
  if (!tool)
    return `There is no tool ${name.slice(0, 80)} here. There are: ${tools.map((known) => known.name).join(', ')}.`
  const wrong = misfits(args, tool.parameters, () => false)
  if (wrong.length === 0) return undefined
  return `${name}: ${wrong.map(({ pointer, message }) => `${pointer.join('.') || 'the arguments'} ${message}`).join('; ')}`
}

function toLooking({ name, definition }: PublishedTool): LookingTool {
  const { description, inputSchema } = definition
  return {
    name,
    description: typeof description === 'string' ? description : '',
    parameters: isObject(inputSchema) ? inputSchema : { type: 'object' },
  }
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
