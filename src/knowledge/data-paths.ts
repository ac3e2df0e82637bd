/** A path into data: names and, for lists, places counted from 0. */
export type DataPath = readonly (string | number)[]

const SEGMENT = /^([A-Za-z_][A-Za-z0-9_-]*)((?:\[\d{1,4}\])*)$/

/** Parses `containers[0].limits.memory`; undefined where it is not a path. */
export function parseDataPath(text: string): DataPath | undefined {
  const path: (string | number)[] = []
  for (const part of text.split('.')) {
    const segment = SEGMENT.exec(part)
    if (!segment) return undefined
    path.push(segment[1] ?? '')
    for (const place of (segment[2] ?? '').matchAll(/\d+/g)) path.push(Number(place[0]))
  }
  return path
}

/** The value at a path, by own keys alone; undefined where there is none. */
export function readDataPath(root: unknown, path: DataPath): unknown {
  let value = root
  for (const key of path) {
    if (Array.isArray(value)) value = value[Number(key)]
    else if (typeof value === 'object' && value !== null && Object.hasOwn(value, key)) value = Reflect.get(value, key)
    else return undefined
  }
  return value
}
