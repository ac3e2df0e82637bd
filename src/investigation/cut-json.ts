import type { Json } from '../domain/json.ts'

/** Cuts secrets out of texts, in their order; rejects where it cannot vouch for the result. */
export type Cut = (texts: readonly string[]) => Promise<string[]>

/**
 * Each value with its secrets cut. It is looked at as one text, so that what a field is called tells what is in it; where that
 * text cannot be read any more after the cut, its strings are cut one by one.
 */
export async function cutAll(values: readonly Json[], cut: Cut): Promise<Json[]> {
  const texts = values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value)))
  const done = await exactly(texts, cut)
  return await Promise.all(
    values.map(async (value, i): Promise<Json> => {
      const text = done[i] ?? ''
      if (typeof value === 'string') return text
      if (text === texts[i]) return value
      const read = parsed(text)
      return read !== undefined && alike(read, value) ? read : await cutStrings(value, cut)
    }),
  )
}

/** A copy of any value that JSON can hold, every string of it cut by itself; what is undefined stays so. */
export async function cutEveryString<T>(value: T, cut: Cut): Promise<T> {
  const texts: string[] = []
  mapStrings(value, (text) => {
    texts.push(text)
    return text
  })
  const done = await exactly(texts, cut)
  let next = 0
  return mapStrings(value, () => done[next++] ?? '') as T
}

function mapStrings(value: unknown, map: (text: string) => string): unknown {
  if (typeof value === 'string') return map(value)
  if (Array.isArray(value)) return value.map((item) => mapStrings(item, map))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, mapStrings(inner, map)]))
}

/** Each string goes with its field's name, and is dropped whole where it is a secret under that name. */
async function cutStrings(value: Json, cut: Cut): Promise<Json> {
  if (typeof value === 'string') return (await exactly([value], cut))[0] ?? ''
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return await Promise.all(value.map((item: Json) => cutStrings(item, cut)))
  const entries = Object.entries(value).map(async ([name, inner]: [string, Json]): Promise<[string, Json]> => {
    if (typeof inner !== 'string') return [name, await cutStrings(inner, cut)]
    const [alone = '', named = ''] = await exactly([inner, `${name}: ${inner}`], cut)
    if (named === `${name}: ${inner}`) return [name, alone]
    return [name, named.startsWith(`${name}: `) ? named.slice(name.length + 2) : '[cut]']
  })
  return Object.fromEntries(await Promise.all(entries))
}

/** Characters in one lot: one search serves cards and models too, which come between two lots. */
const LOT = 64 * 1_024

async function exactly(texts: readonly string[], cut: Cut): Promise<string[]> {
  const done: string[] = []
  for (const lot of lots(texts)) done.push(...(await cutLot(lot, cut)))
  return done
}

/** In their order; a text longer than a lot is one by itself. */
function* lots(texts: readonly string[]): Generator<string[]> {
  let lot: string[] = []
  let length = 0
  for (const text of texts) {
    if (lot.length > 0 && length + text.length > LOT) {
      yield lot
      lot = []
      length = 0
    }
    lot.push(text)
    length += text.length
  }
  if (lot.length > 0) yield lot
}

async function cutLot(texts: readonly string[], cut: Cut): Promise<string[]> {
  const done = await cut(texts)
  if (done.length !== texts.length) throw new Error('The search for secrets left a text out.')
  return done
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json
  } catch {
    return undefined
  }
}

/** Of the same shape: only strings may be others. */
function alike(a: Json, b: Json): boolean {
  if (typeof a !== typeof b || Array.isArray(a) !== Array.isArray(b)) return false
  if (typeof a !== 'object' || a === null || typeof b !== 'object' || b === null) return (a === null) === (b === null)
  const [left, right]: [string, Json][][] = [Object.entries(a), Object.entries(b)]
  if (left === undefined || right === undefined || left.length !== right.length) return false
  return left.every(([name, inner], i) => name === right[i]?.[0] && alike(inner, right[i]?.[1] ?? null))
}
