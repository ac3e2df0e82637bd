import type { Json, JsonObject } from '../domain/json.ts'

/** Keywords that constrained writing cannot keep; what they ask for is checked when the call comes back. */
const LEFT_OUT = new Set([
  'pattern',
  'format',
  'minLength',
  'maxLength',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'minItems',
  'maxItems',
  'uniqueItems',
  'minProperties',
  'maxProperties',
  'propertyNames',
  'default',
  'examples',
  '$schema',
])

/**
 * A JSON Schema as strict tools and structured outputs of Claude take it: objects closed, and only keywords that can be
 * guaranteed (https://platform.claude.com/docs/en/build-with-claude/structured-outputs). Undefined where the schema holds a
 * free-form object, which cannot be guaranteed.
 */
export function strictSchema(schema: JsonObject): JsonObject | undefined {
  try {
    return strict(schema) as JsonObject
  } catch (error) {
    if (error instanceof FreeForm) return undefined
    throw error
  }
}

class FreeForm extends Error {}

function strict(value: Json): Json {
  if (Array.isArray(value)) return value.map(strict)
  if (typeof value !== 'object' || value === null) return value
  const schema = value as JsonObject
  if (schema.type === 'object' && !isClosable(schema)) throw new FreeForm()
  const kept = Object.entries(schema).filter(([key]) => !LEFT_OUT.has(key))
  const entries = kept.map(([key, inner]): [string, Json] => [key, strictUnder(key, inner)])
  const closed: JsonObject = schema.type === 'object' ? { additionalProperties: false } : {}
  return { ...Object.fromEntries(entries), ...closed }
}

function strictUnder(key: string, inner: Json): Json {
  if (['properties', '$defs', 'definitions'].includes(key))
    return Object.fromEntries(Object.entries(inner as JsonObject).map(([name, part]) => [name, strict(part)]))
  return ['items', 'anyOf', 'oneOf', 'allOf', 'additionalProperties'].includes(key) ? strict(inner) : inner
}

function isClosable({ properties, additionalProperties }: JsonObject): boolean {
  const open = typeof additionalProperties === 'object' || additionalProperties === true
  return properties !== undefined && !open
}
