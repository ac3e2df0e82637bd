import type { Json, JsonObject } from '../domain/json.ts'
import type { ToolCall, ToolSpec } from './chat-model.ts'

/** The JSON Schema of "one of these tools, with arguments that fit it", for providers that constrain what is written. */
export function choiceSchema(tools: readonly ToolSpec[]): JsonObject {
  const choices: Json[] = tools.map(({ name, parameters }) => ({
    type: 'object',
    properties: { tool: { const: name }, arguments: parameters },
    required: ['tool', 'arguments'],
    additionalProperties: false,
  }))
  return choices.length === 1 ? (choices[0] as JsonObject) : { anyOf: choices }
}

/** How such a choice is explained to a model that only sees text. */
export function choiceText(tools: readonly ToolSpec[]): string {
  const lines = tools.map(
    ({ name, description, parameters }) => `- ${name}: ${description}\n  arguments: ${JSON.stringify(parameters)}`,
  )
  return ['Answer with one JSON object, {"tool": …, "arguments": …}. The tools:', ...lines].join('\n')
}

/** The choice that was written; undefined where the text is none. */
export function readChoice(text: string): ToolCall | undefined {
  const value = parse(text)
  const { tool, arguments: args } = Object(value) as { tool?: unknown; arguments?: unknown }
  if (typeof tool !== 'string' || typeof args !== 'object' || args === null || Array.isArray(args)) return undefined
  return { id: 'call_0', name: tool, args: args as JsonObject }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
