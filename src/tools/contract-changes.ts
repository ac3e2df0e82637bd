import { canonicalJson, type JsonObject } from '../domain/json.ts'

/**
 * What is different between a tool's contract as it was accepted and as it is published now, in words; empty where nothing
 * is, or nothing that matters. Only two changes do not matter, as long as they bring no text with them, for text is read by
 * models: an argument that may be left out, and a further field in the answer.
 */
export function contractChanges(accepted: JsonObject, now: JsonObject): string[] {
  const names = new Set([...Object.keys(accepted), ...Object.keys(now)])
  return [...names].sort().flatMap((name) => {
    if (same(accepted[name], now[name])) return []
    if (name === 'inputSchema' || name === 'outputSchema') return schemaChanges(name, accepted[name], now[name])
    return [WORDS[name] ?? name]
  })
}

const WORDS: Readonly<Record<string, string>> = {
  description: 'its description',
  title: 'its title',
  annotations: 'what it says of its risk',
  _meta: 'what it says of its effect',
}

function schemaChanges(name: 'inputSchema' | 'outputSchema', accepted: unknown, now: unknown): string[] {
  const what = name === 'inputSchema' ? 'its arguments' : 'its answer'
  if (!isObject(accepted) || !isObject(now)) return [what]
  const { properties: before, ...restBefore } = accepted
  const { properties: after, ...restAfter } = now
  if (!same(restBefore, restAfter)) return [what]
  const known = isObject(before) ? before : {}
  const found = isObject(after) ? after : {}
  // Whether a name that is new must be given stands in `required`, which is the same as before by now.
  const kept = Object.keys(known).every((key) => same(known[key], found[key]))
  const added = Object.entries(found).filter(([key]) => !Object.hasOwn(known, key))
  return kept && added.every(([key, schema]) => isPlain(key, schema)) ? [] : [what]
}

/** A name like any other, and a schema that is a bare type: nothing in which a sentence could be hidden. */
function isPlain(name: string, schema: unknown): boolean {
  if (!/^[A-Za-z][A-Za-z0-9_]{0,40}$/.test(name) || !isObject(schema)) return false
  const { type, ...rest } = schema
  return typeof type === 'string' && Object.values(rest).every((value) => typeof value === 'number')
}

function same(a: unknown, b: unknown): boolean {
  if (a === undefined || b === undefined) return a === b
  return canonicalJson(a) === canonicalJson(b)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
