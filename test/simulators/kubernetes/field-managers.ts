import { ApiError, type Cause } from './api-error.ts'
import { isRecord, type KubeObject, timestamp } from './objects.ts'
import { mergeKeyOf } from './patch.ts'
import { apiVersionOf, qualified, type ResourceType } from './resources.ts'
import { same } from './store.ts'

/** One managedFields entry, its fields as a set of paths: `f:spec\0f:replicas`. */
interface Manager {
  manager: string
  operation: string
  time: string
  fields: Set<string>
}

type Leaves = Map<string, unknown>

/** Never owned: who and where an object is, and what the server writes. */
const UNOWNED = new Set([
  'name',
  'namespace',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'managedFields',
])

/**
 * The leaves of an object by path, in the words of fieldsV1: members of lists that merge go by their key, other lists are
 * one leaf.
 *
 * Source: server-side apply in the Kubernetes documentation, and the FieldsV1 format of structured-merge-diff.
 */
export function leavesOf(object: Record<string, unknown>): Leaves {
  const { apiVersion: _version, kind: _kind, status: _status, metadata, ...body } = object
  const meta = Object.entries(isRecord(metadata) ? metadata : {}).filter(([key]) => !UNOWNED.has(key))
  const leaves: Leaves = new Map()
  collect({ metadata: Object.fromEntries(meta), ...body }, [], '', leaves)
  return leaves
}

function collect(value: unknown, path: string[], field: string, leaves: Leaves): void {
  if (isRecord(value) && Object.keys(value).length > 0) {
    for (const [key, inner] of Object.entries(value)) collect(inner, [...path, `f:${key}`], key, leaves)
    return
  }
  const key = Array.isArray(value) ? mergeKeyOf(field, value) : undefined
  if (!Array.isArray(value) || !key || value.length === 0) {
    if (path.length > 0 && !(isRecord(value) && path.length === 1)) leaves.set(path.join('\0'), value)
    return
  }
  for (const item of value) {
    if (!isRecord(item)) continue
    collect(item, [...path, `k:${JSON.stringify({ [key]: item[key] })}`], '', leaves)
  }
}

/** The managedFields after an ordinary write: whoever writes a field has it from then on, and nobody else. */
export function afterUpdate(
  type: ResourceType,
  before: KubeObject | undefined,
  next: KubeObject,
  by: string,
  now: number,
) {
  const [was, is] = [before ? leavesOf(before) : new Map<string, unknown>(), leavesOf(next)]
  const written = [...is].filter(([path, value]) => !was.has(path) || !same(was.get(path), value)).map(([path]) => path)
  const managers = managersOf(before ?? next)
  const own = find(managers, by, 'Update')
  for (const manager of managers) {
    for (const path of manager.fields) if (!is.has(path)) manager.fields.delete(path)
    if (manager !== own) for (const path of written) manager.fields.delete(path)
  }
  const kept = managers.filter((manager) => manager === own || manager.fields.size > 0)
  if (written.length === 0 && own === undefined) return toEntries(type, kept)
  const mine = own ?? { manager: by, operation: 'Update', time: '', fields: new Set<string>() }
  for (const path of written) mine.fields.add(path)
  if (written.length > 0) mine.time = timestamp(now)
  return toEntries(type, own ? kept : [...kept, mine])
}

export interface Applied {
  /** Paths this manager had applied before and leaves out now, which nobody else has: they go. */
  dropped: string[]
  managedFields: Record<string, unknown>[]
}

/** What server-side apply does to ownership. Throws 409 with a cause for each field another manager holds with another value. */
export function afterApply(
  type: ResourceType,
  before: KubeObject | undefined,
  manifest: Record<string, unknown>,
  { by, force, now }: { by: string; force: boolean; now: number },
): Applied {
  const [was, wanted] = [before ? leavesOf(before) : new Map<string, unknown>(), leavesOf(manifest)]
  const managers = before ? managersOf(before) : []
  const own = find(managers, by, 'Apply')
  const others = managers.filter((manager) => manager !== own)
  const causes = others.flatMap((manager) =>
    [...manager.fields]
      .filter((path) => wanted.has(path) && !same(was.get(path), wanted.get(path)))
      .map((path) => ({ path, told: `conflict with "${manager.manager}" using ${apiVersionOf(type)}` })),
  )
  if (causes.length > 0 && !force) throw applyConflict(type, before?.metadata.name ?? '', causes)
  for (const manager of others) for (const { path } of causes) manager.fields.delete(path)
  const held = new Set(others.flatMap(({ fields }) => [...fields]))
  const dropped = [...(own?.fields ?? [])].filter((path) => !wanted.has(path) && !held.has(path))
  const mine = { manager: by, operation: 'Apply', time: timestamp(now), fields: new Set(wanted.keys()) }
  const kept = others.filter(({ fields }) => fields.size > 0)
  return { dropped, managedFields: toEntries(type, [...kept, mine]) }
}

function applyConflict(type: ResourceType, name: string, causes: { path: string; told: string }[]): ApiError {
  const told = causes.map(
    ({ path, told }): Cause => ({
      field: dotted(path),
      reason: 'FieldManagerConflict',
      message: told,
    }),
  )
  const list = told.map(({ message, field }) => `${message}: ${field}`).join('\n')
  const message = `Apply failed with ${told.length} conflict${told.length === 1 ? '' : 's'}: ${list}`
  return new ApiError(409, 'Conflict', message, { name, kind: qualified(type), causes: told })
}

/** `.spec.template.spec.containers[name="cart"].image`, as conflicts name fields. */
function dotted(path: string): string {
  const parts = path.split('\0').map((part) => {
    if (part.startsWith('f:')) return `.${part.slice(2)}`
    const [[key, value] = ['', '']] = Object.entries(JSON.parse(part.slice(2)))
    return `[${key}=${JSON.stringify(value)}]`
  })
  return parts.join('')
}

/** The object without these paths; lists lose the members of which nothing but the key would be left. */
export function without(object: KubeObject, paths: readonly string[]): KubeObject {
  const result = structuredClone(object)
  for (const path of paths) removeAt(result, path.split('\0'))
  return result
}

function removeAt(value: unknown, [part = '', ...rest]: readonly string[]): void {
  if (part.startsWith('k:') && Array.isArray(value)) {
    const [[key, wanted] = ['', '']] = Object.entries(JSON.parse(part.slice(2)))
    const at = value.findIndex((item) => isRecord(item) && item[key] === wanted)
    if (at < 0) return
    if (rest.join() === `f:${key}`) value.splice(at, 1)
    else removeAt(value[at], rest)
    return
  }
  const key = part.slice(2)
  if (!isRecord(value) || !(key in value)) return
  if (rest.length === 0) delete value[key]
  else {
    removeAt(value[key], rest)
    const left = value[key]
    if (isRecord(left) && Object.keys(left).length === 0) delete value[key]
  }
}

function managersOf({ metadata }: KubeObject): Manager[] {
  return (metadata.managedFields ?? []).map((entry) => ({
    manager: String(entry.manager),
    operation: String(entry.operation),
    time: String(entry.time),
    fields: new Set(pathsIn(entry.fieldsV1)),
  }))
}

function find(managers: readonly Manager[], by: string, operation: string): Manager | undefined {
  return managers.find((one) => one.manager === by && one.operation === operation)
}

function pathsIn(tree: unknown, path: string[] = []): string[] {
  if (!isRecord(tree)) return []
  const entries = Object.entries(tree).filter(([key]) => key !== '.')
  if (entries.length === 0) return path.length > 0 ? [path.join('\0')] : []
  return entries.flatMap(([key, inner]) => pathsIn(inner, [...path, key]))
}

function toEntries(type: ResourceType, managers: readonly Manager[]): Record<string, unknown>[] {
  return managers.map(({ manager, operation, time, fields }) => ({
    manager,
    operation,
    apiVersion: apiVersionOf(type),
    time,
    fieldsType: 'FieldsV1',
    fieldsV1: treeOf(fields),
  }))
}

function treeOf(fields: ReadonlySet<string>): Record<string, unknown> {
  const tree: Record<string, unknown> = {}
  for (const path of fields) {
    let at = tree
    for (const part of path.split('\0')) {
      const inner = at[part]
      const next = isRecord(inner) ? inner : {}
      at[part] = next
      at = next
    }
  }
  return tree
}
