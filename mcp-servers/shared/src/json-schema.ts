import { z } from 'zod'

/** The JSON Schema of an object, as tools publish it for what they take and what they answer. */
export type JsonObjectSchema = {
  type: 'object'
  properties: Record<string, object>
  required?: string[]
  [key: string]: unknown
}

type Io = 'input' | 'output'
type Loose = Record<string, unknown>

/**
 * Marks a part that is published by its type alone: what it holds is told once, on the reference page, and not in every
 * tool that has it. The server itself still checks the whole.
 */
export function brief<Schema extends z.ZodType>(schema: Schema): Schema {
  return schema.meta({ brief: true })
}

/**
 * Marks a part of an answer that is not published at all, for answers many tools share: readers who know the answer find
 * it, and published schemas let it be there. The server still checks it.
 */
export function unpublished<Schema extends z.ZodType>(schema: Schema): Schema {
  return schema.meta({ unpublished: true })
}

/** What a tool takes, in full: names, patterns, bounds, and that nothing else is taken. */
export function inputSchema(schema: z.ZodObject): JsonObjectSchema {
  return jsonSchema(schema, 'input')
}

/**
 * What a tool answers. A failed call answers `{ error }` as structured content too, and clients validate that against the
 * published schema: so it allows either, and says of no name that it is required. Without an error all of them are there.
 */
export function outputSchema(schema: z.ZodObject): JsonObjectSchema {
  const { properties, ...rest } = jsonSchema(schema, 'output')
  return onceEach({ ...rest, properties: { ...properties, error: { type: 'object' } } })
}

function jsonSchema(schema: z.ZodObject, io: Io): JsonObjectSchema {
  const { $schema: _dialect, ...json } = z.toJSONSchema(schema, { io, reused: 'inline' })
  return compact(json, io) as JsonObjectSchema
}

/**
 * The same schema for narrower readers and in fewer bytes. Kept within what every client takes: each schema has one `type`
 * or branches, and none is empty. Left out: the bounds of safe integers, the pattern beside a format, and in outputs what
 * binds only the server (closed objects, required names, patterns, lengths, defaults), which checks that itself.
 */
function compact(schema: unknown, io: Io): unknown {
  if (Array.isArray(schema)) return schema.map((inner) => compact(inner, io))
  if (schema === null || typeof schema !== 'object') return schema
  const { type, brief: isBrief, ...rest } = schema as Loose
  const typed = Array.isArray(type)
    ? { anyOf: type.map((one: unknown) => ({ type: one })) }
    : type === undefined
      ? {}
      : { type }
  const { description } = rest
  if (isBrief === true)
    return { ...typed, ...branches(rest.anyOf, io), ...(description === undefined ? {} : { description }) }
  const kept = Object.entries(rest).filter(([key, value]) => !isLeftOut(key, value, rest, io))
  return { ...typed, ...Object.fromEntries(kept.map(([key, value]) => [key, inside(key, value, io)])) }
}

function branches(anyOf: unknown, io: Io): Loose {
  return anyOf === undefined ? {} : { anyOf: compact(anyOf, io) }
}

const BINDS_THE_SERVER = new Set(['required', 'pattern', 'minLength', 'maxLength', 'minItems', 'maxItems', 'default'])

function isLeftOut(key: string, value: unknown, beside: Loose, io: Io): boolean {
  if (key === 'minimum') return value === Number.MIN_SAFE_INTEGER
  if (key === 'maximum') return value === Number.MAX_SAFE_INTEGER
  if (key === 'pattern' && beside.format !== undefined) return true
  if (key === 'propertyNames') return true
  if (io === 'input') return false
  return BINDS_THE_SERVER.has(key) || (key === 'additionalProperties' && value === false)
}

function isUnpublished(schema: unknown): boolean {
  return schema !== null && typeof schema === 'object' && 'unpublished' in schema
}

/** `properties` is a map of schemas, whose keys are names and no keywords. */
function inside(key: string, value: unknown, io: Io): unknown {
  if (value === null || typeof value !== 'object') return value
  const entries = Object.entries(value)
  if (key === 'properties')
    return Object.fromEntries(
      entries.flatMap(([name, schema]) => (isUnpublished(schema) ? [] : [[name, compact(schema, io)]])),
    )
  if (key === 'additionalProperties' && entries.length === 0) return true
  return ['enum', 'required', 'const', 'default'].includes(key) ? value : compact(value, io)
}

const REFERENCE = '{"$ref":"#/$defs/a"}'
const NAMING = '"$defs":{"a":},'

/** The same schema with the unions that occur again and again (a text or null) told once, where that is shorter. */
function onceEach(schema: JsonObjectSchema): JsonObjectSchema {
  const times = new Map<string, number>()
  replaced(schema, (union) => {
    times.set(union, (times.get(union) ?? 0) + 1)
    return undefined
  })
  const worthIt = [...times].filter(
    ([union, count]) => count * (union.length - REFERENCE.length) > union.length + NAMING.length,
  )
  if (worthIt.length === 0) return schema
  const names = new Map(worthIt.map(([union], at) => [union, String.fromCharCode(97 + at)]))
  const named = replaced(schema, (union) => names.get(union)) as JsonObjectSchema
  return { ...named, $defs: Object.fromEntries([...names].map(([union, name]) => [name, JSON.parse(union)])) }
}

/** A copy in which each union that `nameOf` has a name for is a reference to it. */
function replaced(schema: unknown, nameOf: (union: string) => string | undefined): unknown {
  if (Array.isArray(schema)) return schema.map((inner) => replaced(inner, nameOf))
  if (schema === null || typeof schema !== 'object') return schema
  const name = isUnion(schema) ? nameOf(JSON.stringify(schema)) : undefined
  if (name !== undefined) return { $ref: `#/$defs/${name}` }
  return Object.fromEntries(Object.entries(schema).map(([key, inner]) => [key, replaced(inner, nameOf)]))
}

/** Nothing but its branches, so that a property of that name is not taken for one. */
function isUnion(schema: object): boolean {
  const keys = Object.keys(schema)
  return keys.length === 1 && 'anyOf' in schema && Array.isArray(schema.anyOf)
}
