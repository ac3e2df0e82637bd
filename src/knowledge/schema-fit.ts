import type { Json } from '../domain/json.ts'
import { didYouMean } from './nearest.ts'

/** Where an argument does not fit its schema; `pointer` is relative to the arguments, the message ends a sentence. */
export interface Misfit {
  readonly pointer: readonly (string | number)[]
  readonly message: string
}

/** A JSON Schema, as far as one is looked into here: what zod and other MCP servers write for tool arguments. */
interface Schema {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly allOf?: readonly Schema[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean | Schema
  readonly items?: Schema
  readonly pattern?: string
  readonly minLength?: number
  readonly maxLength?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly minItems?: number
  readonly maxItems?: number
}

interface Judging {
  readonly root: Schema
  /** Values that are only known when they are filled in, and fit anything until then. */
  readonly open: (value: Json) => boolean
}

type Pointer = readonly (string | number)[]

/**
 * Judges literal arguments against a JSON Schema (the parts of draft 2020-12 that tool schemas use). Keywords that are not
 * known here refuse nothing: the server has the last word.
 */
export function misfits(args: Json, schema: object, open: (value: Json) => boolean): Misfit[] {
  return judge(args, schema, { root: schema, open }, [])
}

function judge(value: Json, unresolved: Schema | boolean, judging: Judging, at: Pointer): Misfit[] {
  if (unresolved === true || judging.open(value)) return []
  if (unresolved === false) return [{ pointer: at, message: 'is not wanted' }]
  const schema = resolve(unresolved, judging.root)
  if ('const' in schema && !same(value, schema.const))
    return [{ pointer: at, message: `must be ${JSON.stringify(schema.const)}` }]
  if (schema.enum && !schema.enum.some((option) => same(value, option))) return [notAmong(value, schema.enum, at)]
  const types = typesOf(schema)
  if (types.length > 0 && !types.some((type) => isOf(value, type))) {
    return [{ pointer: at, message: `must be ${types.join(' or ')}, and is ${JSON.stringify(value).slice(0, 60)}` }]
  }
  const found = [
    ...judgeText(value, schema, at),
    ...judgeNumber(value, schema, at),
    ...judgeList(value, schema, judging, at),
  ]
  return [...found, ...judgeMap(value, schema, judging, at), ...judgeChoices(value, schema, judging, at)]
}

function judgeChoices(value: Json, schema: Schema, judging: Judging, at: Pointer): Misfit[] {
  const found = (schema.allOf ?? []).flatMap((part) => judge(value, part, judging, at))
  for (const choices of [schema.anyOf, schema.oneOf]) {
    const tried = (choices ?? []).map((choice) => judge(value, choice, judging, at))
    if (tried.length === 0 || tried.some((result) => result.length === 0)) continue
    // Meant was a choice of the value's own type, and of those the one that was followed furthest.
    const ofType = tried.filter((_, i) => hasType(value, choices?.[i] ?? {}, judging.root))
    const candidates = ofType.length > 0 ? ofType : tried
    found.push(...candidates.reduce((best, result) => (depth(result) > depth(best) ? result : best)))
  }
  return found
}

function hasType(value: Json, choice: Schema, root: Schema): boolean {
  const types = typesOf(resolve(choice, root))
  return types.some((type) => isOf(value, type))
}

function depth(found: readonly Misfit[]): number {
  return Math.max(...found.map(({ pointer }) => pointer.length))
}

function judgeText(value: Json, schema: Schema, at: Pointer): Misfit[] {
  if (typeof value !== 'string') return []
  const { minLength = 0, maxLength = Number.POSITIVE_INFINITY, pattern } = schema
  if (value.length < minLength) return [{ pointer: at, message: `must have at least ${minLength} characters` }]
  if (value.length > maxLength) return [{ pointer: at, message: `must have at most ${maxLength} characters` }]
  if (pattern === undefined || matchesPattern(value, pattern)) return []
  return [
    { pointer: at, message: `is ${JSON.stringify(value).slice(0, 60)}, which does not match ${pattern.slice(0, 120)}` },
  ]
}

/** A server's pattern that cannot be compiled here refuses nothing. */
function matchesPattern(value: string, pattern: string): boolean {
  try {
    return new RegExp(pattern, 'u').test(value)
  } catch {
    return true
  }
}

function judgeNumber(value: Json, { minimum, maximum }: Schema, at: Pointer): Misfit[] {
  if (typeof value !== 'number') return []
  if (minimum !== undefined && value < minimum) return [{ pointer: at, message: `must be at least ${minimum}` }]
  if (maximum !== undefined && value > maximum) return [{ pointer: at, message: `must be at most ${maximum}` }]
  return []
}

function judgeList(value: Json, schema: Schema, judging: Judging, at: Pointer): Misfit[] {
  if (!Array.isArray(value)) return []
  const { minItems = 0, maxItems = Number.POSITIVE_INFINITY, items = true } = schema
  if (value.length < minItems) return [{ pointer: at, message: `must have at least ${minItems} entries` }]
  if (value.length > maxItems) return [{ pointer: at, message: `must have at most ${maxItems} entries` }]
  return value.flatMap((item: Json, i) => judge(item, items, judging, [...at, i]))
}

function judgeMap(value: Json, schema: Schema, judging: Judging, at: Pointer): Misfit[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return []
  const known = schema.properties ?? {}
  const missing = (schema.required ?? [])
    .filter((key) => !Object.hasOwn(value, key))
    .map((key) => ({ pointer: at, message: `must have \`${key}\`` }))
  const wrong = Object.entries(value).flatMap(([key, item]: [string, Json]) => {
    const own = Object.hasOwn(known, key) ? known[key] : undefined
    if (own !== undefined) return judge(item, own, judging, [...at, key])
    const others = schema.additionalProperties ?? true
    if (others !== false) return judge(item, others, judging, [...at, key])
    const guess = didYouMean(key, Object.keys(known))
    return [{ pointer: [...at, key], message: `is not known to it${guess && `.${guess}`}` }]
  })
  return [...missing, ...wrong]
}

/** Follows `#/…` references within the schema; one that leads nowhere allows everything. */
export function resolve(schema: Schema, root: Schema): Schema {
  let current = schema
  for (let hops = 0; current.$ref !== undefined && hops < 16; hops++) {
    let found: unknown = root
    for (const part of current.$ref.replace(/^#\/?/, '').split('/')) {
      found = typeof found === 'object' && found !== null ? Reflect.get(found, part) : undefined
    }
    current = typeof found === 'object' && found !== null ? found : {}
  }
  return current
}

export function typesOf({ type }: Schema): readonly string[] {
  return type === undefined ? [] : typeof type === 'string' ? [type] : type
}

function isOf(value: Json, type: string): boolean {
  if (type === 'null') return value === null
  if (type === 'array') return Array.isArray(value)
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value)
  if (type === 'integer') return Number.isInteger(value)
  return typeof value === type
}

function notAmong(value: Json, options: readonly unknown[], at: Pointer): Misfit {
  const names = options.map(String)
  const guess = typeof value === 'string' ? didYouMean(value, names) : ''
  const listed = names.slice(0, 12).join(', ')
  return {
    pointer: at,
    message: `must be one of ${listed}${names.length > 12 ? ', …' : ''}${guess ? `.${guess}` : ''}`,
  }
}

function same(value: Json, other: unknown): boolean {
  return JSON.stringify(value) === JSON.stringify(other)
}

export type { Schema }
