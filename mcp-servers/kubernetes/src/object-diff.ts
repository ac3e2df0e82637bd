import { CallerError, clip, type DiffLine, digestOf } from '@watchkeeper/mcp-shared'
import { EFFECTS } from './change-object.ts'
import { maskObject } from './mask-object.ts'
import type { KubeObject } from './objects.ts'

type Leaf = string | number | boolean | null
type Leaves = Map<string, Leaf>

/** More than this nobody reads on a card, and what is not read is not approved. */
const LINES = 200
const TEXT = 1_000
/** What the API server writes by itself. */
const OWN = new Set(['managedFields', 'resourceVersion', 'generation', 'creationTimestamp', 'uid', 'selfLink'])

/**
 * What differs between two states of an object, field by field in the order they are written: lists whose members have
 * names go by name, texts of many lines by the lines that differ, and secret values are masked on both sides.
 */
export function diffObjects(before: KubeObject | undefined, after: KubeObject): DiffLine[] {
  const [from, to] = [leavesOf(before), leavesOf(after)]
  const [shownFrom, shownTo] = [leavesOf(before && maskObject(before)), leavesOf(maskObject(after))]
  const fields = [...new Set([...from.keys(), ...to.keys()])].filter((field) => from.get(field) !== to.get(field))
  if (fields.length > LINES)
    throw new CallerError(
      'refused',
      `This changes ${fields.length} fields, more than a person can check. Do it in parts of at most ${LINES}.`,
    )
  return fields.map((field) =>
    line(field, {
      from: from.get(field),
      to: to.get(field),
      fromShown: shownFrom.get(field),
      toShown: shownTo.get(field),
    }),
  )
}

/** A digest of what a change would replace, without telling what it is. */
export function replacedDigest(before: KubeObject | undefined, after: KubeObject): string {
  const [from, to] = [leavesOf(before), leavesOf(after)]
  const fields = [...new Set([...from.keys(), ...to.keys()])].filter((field) => from.get(field) !== to.get(field))
  return digestOf(Object.fromEntries(fields.map((field) => [field, from.get(field) ?? null])))
}

type Sides = Record<'from' | 'to' | 'fromShown' | 'toShown', Leaf | undefined>

function line(field: string, { from, to, fromShown = null, toShown = null }: Sides): DiffLine {
  if (fromShown === toShown && from !== undefined && to !== undefined)
    return { field, from: fromShown, to: `${toShown} (changed)` }
  if (typeof fromShown === 'string' && typeof toShown === 'string' && fromShown.includes('\n')) {
    const [was, is, at] = changedLines(fromShown.split('\n'), toShown.split('\n'))
    return { field: `${field} line ${at}`, from: clip(was, TEXT), to: clip(is, TEXT) }
  }
  return { field, from: shortened(fromShown), to: shortened(toShown) }
}

/** Both texts without the lines they begin and end with alike, and where the difference begins. */
function changedLines(from: readonly string[], to: readonly string[]): [string, string, number] {
  let start = 0
  while (start < Math.min(from.length, to.length) && from[start] === to[start]) start += 1
  let end = 0
  while (end < Math.min(from.length, to.length) - start && from.at(-1 - end) === to.at(-1 - end)) end += 1
  return [from.slice(start, from.length - end).join('\n'), to.slice(start, to.length - end).join('\n'), start + 1]
}

function shortened(value: Leaf): Leaf {
  return typeof value === 'string' ? clip(value, TEXT) : value
}

function leavesOf(object: KubeObject | undefined): Leaves {
  const leaves: Leaves = new Map()
  if (!object) return leaves
  const { apiVersion: _version, kind: _kind, status: _status, metadata = {}, ...body } = object
  const { [EFFECTS]: _mark, ...annotations } = metadata.annotations ?? {}
  const meta = Object.entries({ ...metadata, annotations }).filter(([key]) => !OWN.has(key))
  collect({ metadata: Object.fromEntries(meta), ...body }, '', leaves)
  return leaves
}

function collect(value: unknown, path: string, leaves: Leaves): void {
  if (Array.isArray(value)) {
    const named = value.every((item) => item !== null && typeof item === 'object' && typeof item.name === 'string')
    for (const [at, item] of value.entries()) collect(item, `${path}[${named ? item.name : at}]`, leaves)
  } else if (value !== null && typeof value === 'object') {
    for (const [key, inner] of Object.entries(value)) collect(inner, path === '' ? key : `${path}.${key}`, leaves)
  } else if (value !== undefined) {
    leaves.set(path, value as Leaf)
  }
}
