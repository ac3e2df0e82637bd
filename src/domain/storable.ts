import type { Json, JsonObject } from './json.ts'

/** Whether Postgres can keep a text: it takes neither NUL nor half of a surrogate pair, in `text` and in `jsonb`. */
export function isStorable(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed()
}

/** The same text with a replacement character for whatever cannot be stored. */
export function storable(text: string): string {
  return isStorable(text) ? text : text.toWellFormed().replaceAll('\0', '\uFFFD')
}

/** The same JSON with `storable` names and texts, however deep. */
export function storableJson(value: JsonObject): JsonObject {
  // fromEntries defines each name as the object's own, so that one called __proto__ stays a name.
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [storable(name), storableValue(inner)]))
}

function storableValue(value: Json): Json {
  if (typeof value === 'string') return storable(value)
  if (typeof value !== 'object' || value === null) return value
  return isList(value) ? value.map(storableValue) : storableJson(value)
}

function isList(value: readonly Json[] | JsonObject): value is readonly Json[] {
  return Array.isArray(value)
}

/** At most `max` characters, never half of a surrogate pair; what is left out is counted, so that nobody takes it for the whole. */
export function cutText(text: string, max: number): string {
  if (text.length <= max) return text
  const kept = text.slice(0, max).replace(/[\uD800-\uDBFF]$/, '')
  return `${kept}… (${text.length - kept.length} more characters)`
}
