import type { Json, JsonObject } from '../domain/json.ts'
import type { Evidence } from './report.ts'

/** What was seen in one investigation, by id, and which look it came from. */
export interface EvidenceBook {
  all: readonly Evidence[]
  add(source: string, text: string): Evidence
  /** What the same look returned before; undefined when it is new. */
  of(tool: string, args: JsonObject): Evidence | undefined
  addLook(tool: string, args: JsonObject, text: string): Evidence
}

export function evidenceBook(mostCharacters: number): EvidenceBook {
  const all: Evidence[] = []
  const looks = new Map<string, Evidence>()
  const add = (source: string, text: string): Evidence => {
    const item = { id: `e${all.length + 1}`, source, text: text.slice(0, mostCharacters) }
    all.push(item)
    return item
  }
  return {
    all,
    add,
    of: (tool, args) => looks.get(keyOf(tool, args)),
    addLook(tool, args, text) {
      const item = add(`tool ${tool} ${JSON.stringify(args)}`, text)
      looks.set(keyOf(tool, args), item)
      return item
    },
  }
}

/** The same look whatever the order of its arguments. */
function keyOf(tool: string, args: JsonObject): string {
  return `${tool} ${JSON.stringify(sorted(args))}`
}

function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]: [string, Json]) => [key, sorted(inner)]),
  )
}
