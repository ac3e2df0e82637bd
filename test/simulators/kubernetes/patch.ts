import { ApiError, badRequest } from './api-error.ts'
import { isRecord } from './objects.ts'
import { same } from './store.ts'

type Json = Record<string, unknown>

/** By which field the members of a list are told apart; a list not named here is replaced whole. */
const MERGE_KEYS: Record<string, string> = {
  containers: 'name',
  initContainers: 'name',
  ephemeralContainers: 'name',
  env: 'name',
  volumes: 'name',
  imagePullSecrets: 'name',
  volumeMounts: 'mountPath',
  hostAliases: 'ip',
  conditions: 'type',
  ownerReferences: 'uid',
  taints: 'key',
}

/** JSON merge patch, RFC 7386. */
export function mergePatch(current: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch
  const result: Json = isRecord(current) ? { ...current } : {}
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key]
    else result[key] = mergePatch(result[key], value)
  }
  return result
}

/**
 * Kubernetes' strategic merge patch: lists with a merge key are merged member by member.
 *
 * Source: the patch conventions of the Kubernetes API (`$patch`, `$deleteFromPrimitiveList`, `$retainKeys`).
 */
export function strategicMergePatch(current: unknown, patch: unknown, field = ''): unknown {
  if (Array.isArray(patch)) return mergeList(Array.isArray(current) ? current : [], patch, field)
  if (!isRecord(patch)) return patch
  if (patch.$patch === 'replace') return without(patch, '$patch')
  const result: Json = isRecord(current) ? { ...current } : {}
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith('$')) directive(result, key, value)
    else if (value === null) delete result[key]
    else if (isRecord(value) && value.$patch === 'delete') delete result[key]
    else result[key] = strategicMergePatch(result[key], value, key)
  }
  return result
}

function directive(result: Json, key: string, value: unknown): void {
  const [name, field = ''] = key.split('/')
  const list = result[field]
  if (name === '$deleteFromPrimitiveList' && Array.isArray(list) && Array.isArray(value)) {
    result[field] = list.filter((item) => !value.includes(item))
  }
  if (name === '$retainKeys' && Array.isArray(value)) {
    for (const known of Object.keys(result)) if (!value.includes(known)) delete result[known]
  }
}

function mergeList(current: unknown[], patch: unknown[], field: string): unknown[] {
  if (field === 'finalizers') return [...new Set([...current, ...patch])]
  const key = mergeKeyOf(field, patch)
  if (!key) return patch
  if (patch.some((item) => isRecord(item) && item.$patch === 'replace')) {
    return patch.filter((item) => !(isRecord(item) && item.$patch === 'replace'))
  }
  const result = [...current]
  for (const item of patch) {
    if (!isRecord(item)) throw badRequest(`members of ${field} must be objects`)
    if (item[key] === undefined)
      throw badRequest(`map: ${JSON.stringify(item)} does not contain declared merge key: ${key}`)
    const at = result.findIndex((member) => isRecord(member) && member[key] === item[key])
    if (item.$patch === 'delete') {
      if (at >= 0) result.splice(at, 1)
    } else if (at >= 0) result[at] = strategicMergePatch(result[at], item)
    else result.push(strategicMergePatch({}, item))
  }
  return result
}

/** The field by which members of this list are told apart; undefined for a list that is replaced whole. */
export function mergeKeyOf(field: string, patch: readonly unknown[]): string | undefined {
  if (field !== 'ports') return MERGE_KEYS[field]
  return patch.some((item) => isRecord(item) && 'containerPort' in item) ? 'containerPort' : 'port'
}

function without(value: Json, key: string): Json {
  const { [key]: _, ...rest } = value
  return rest
}

/** JSON patch, RFC 6902. A failed test or a path that is not there is a 422, as the API server answers it. */
export function jsonPatch(current: unknown, operations: unknown): unknown {
  if (!Array.isArray(operations)) throw badRequest('a JSON patch is a list of operations')
  const root: Json = { document: structuredClone(current) }
  for (const operation of operations) {
    if (!isRecord(operation)) throw badRequest('a JSON patch operation is an object')
    const { op, path, from, value } = operation
    if (op === 'add') put(root, String(path), value, true)
    else if (op === 'replace') put(root, String(path), value, false)
    else if (op === 'remove') take(root, String(path))
    else if (op === 'copy') put(root, String(path), structuredClone(read(root, String(from))), true)
    else if (op === 'move') put(root, String(path), take(root, String(from)), true)
    else if (op === 'test') {
      if (!same(read(root, String(path)), value)) throw rejected(`testing value ${String(path)} failed`)
    } else throw badRequest(`unknown JSON patch operation ${String(op)}`)
  }
  return root.document
}

function rejected(because: string): ApiError {
  return new ApiError(422, 'Invalid', `the server rejected our request due to an error in our request: ${because}`)
}

/** The container and key a JSON pointer ends at. */
function locate(root: Json, pointer: string): { parent: Json | unknown[]; key: string } {
  const keys = `/document${pointer}`
    .slice(1)
    .split('/')
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))
  const last = keys.pop() ?? ''
  let parent: unknown = root
  for (const key of keys)
    parent = isRecord(parent) ? parent[key] : Array.isArray(parent) ? parent[Number(key)] : undefined
  if (!isRecord(parent) && !Array.isArray(parent)) throw rejected(`the path ${pointer} does not exist`)
  return { parent, key: last }
}

function read(root: Json, pointer: string): unknown {
  const { parent, key } = locate(root, pointer)
  return Array.isArray(parent) ? parent[Number(key)] : parent[key]
}

function put(root: Json, pointer: string, value: unknown, insert: boolean): void {
  const { parent, key } = locate(root, pointer)
  if (!insert && read(root, pointer) === undefined) throw rejected(`replace: the path ${pointer} does not exist`)
  if (!Array.isArray(parent)) parent[key] = value
  else if (key === '-') parent.push(value)
  else parent.splice(Number(key), insert ? 0 : 1, value)
}

function take(root: Json, pointer: string): unknown {
  const value = read(root, pointer)
  if (value === undefined) throw rejected(`remove: the path ${pointer} does not exist`)
  const { parent, key } = locate(root, pointer)
  if (Array.isArray(parent)) parent.splice(Number(key), 1)
  else delete parent[key]
  return value
}
