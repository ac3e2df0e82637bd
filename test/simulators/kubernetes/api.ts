import type { User } from './access.ts'
import { ApiError, badRequest, noSuchPath } from './api-error.ts'
import { discovery } from './discovery.ts'
import { logQuery, podLog } from './logs.ts'
import { isRecord, type KubeObject, type Pod } from './objects.ts'
import { getObject, showList, showObject, viewOf } from './reading.ts'
import { apiVersionOf } from './resources.ts'
import { type Route, routeOf } from './route.ts'
import {
  createObject,
  deleteObject,
  evictPod,
  existing,
  patched,
  patchObject,
  replaceObject,
  scaleOf,
  type WriteDeps,
  type WriteOptions,
  type Written,
  writeScale,
} from './writing.ts'

export interface Call {
  method: string
  path: string
  query: URLSearchParams
  accept: string | undefined
  contentType: string
  userAgent: string | undefined
  user: User
  /** Parsed; undefined when there was none. */
  body: unknown
}

export interface Reply {
  status: number
  /** JSON unless `contentType` says otherwise. */
  text: string
  contentType?: string
  /** Set for an accepted write. */
  written?: Written
  /** Set for a watch: what to watch instead of answering with `text`. */
  watch?: Route
}

const VERBS: Record<string, string> = { GET: 'get', POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' }

export function isDryRun(query: URLSearchParams): boolean {
  return query.get('dryRun') === 'All'
}

/** Answers one authenticated call. Throws ApiError for what the API refuses. */
export function answer(deps: WriteDeps, call: Call): Reply {
  const { method, path, user } = call
  const found = method === 'GET' ? discovery(path) : undefined
  if (found) return { status: 200, text: JSON.stringify(found) }
  const route = routeOf(path)
  const verb = verbOf(call, route)
  const { type, namespace, name, subresource } = route
  const attempt = { group: type.group, plural: type.plural, subresource, namespace, name }
  deps.access.authorize(user, type, { ...attempt, verb })
  // Applying what is not there makes it, which is a right of its own.
  const makes = method === 'PATCH' && !subresource && !deps.store.get(type, namespace, name ?? '')
  if (makes && call.contentType === 'application/apply-patch+yaml')
    deps.access.authorize(user, type, { ...attempt, verb: 'create' })
  if (!type.verbs.includes(verb) && !subresource) throw methodNotAllowed()
  if (verb === 'watch') return { status: 200, text: '', watch: route }
  if (method === 'GET') return read(deps, call, route)
  return write(deps, call, route)
}

function verbOf({ method, query }: Call, { name }: Route): string {
  const verb = VERBS[method]
  if (!verb) throw methodNotAllowed()
  if (verb !== 'get') return verb
  if (['true', '1'].includes(query.get('watch') ?? '')) return 'watch'
  return name === undefined ? 'list' : 'get'
}

function methodNotAllowed(): ApiError {
  return new ApiError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource')
}

function read({ store, workloads, now }: WriteDeps, { query, accept }: Call, route: Route): Reply {
  const view = viewOf(accept, query)
  const { type, subresource } = route
  if (route.name === undefined) return { status: 200, text: showList(store, route, query, view, now()) }
  const object = getObject(store, route, now())
  if (subresource === 'scale') return { status: 200, text: JSON.stringify(scaleOf(object)) }
  if (subresource === 'log') {
    const { health, logs } = workloads.lookInto(object)
    const text = podLog(object as Pod, health, logs, logQuery(query), now())
    return { status: 200, text, contentType: 'text/plain' }
  }
  return { status: 200, text: showObject(store, type, object, view, now()) }
}

function write(deps: WriteDeps, call: Call, route: Route): Reply {
  const { method, query, user, body } = call
  const { type } = route
  if (type.group.startsWith('auth')) {
    const filled = { kind: type.kind, apiVersion: apiVersionOf(type), metadata: {}, ...(isRecord(body) ? body : {}) }
    return { status: 201, text: JSON.stringify(deps.access.review(user, type.plural, filled)) }
  }
  const given = query.getAll('dryRun')
  if (given.some((value) => value !== 'All'))
    throw badRequest(`Invalid value: ${JSON.stringify(given)}: dryRun: Unsupported value`)
  const options: WriteOptions = {
    dryRun: isDryRun(query),
    manager: query.get('fieldManager') ?? (call.userAgent ?? 'unknown').split('/')[0] ?? 'unknown',
    contentType: call.contentType,
    force: query.get('force') === 'true',
  }
  const written = perform(deps, method, route, body, options)
  const view = viewOf(call.accept, query)
  const shown = written.answer === written.object && view.table
  const text = shown ? showObject(deps.store, type, written.object, view, deps.now()) : JSON.stringify(written.answer)
  return { status: written.status, text, written }
}

function perform(deps: WriteDeps, method: string, route: Route, body: unknown, options: WriteOptions): Written {
  const { name, subresource } = route
  if (method === 'POST' && subresource === 'eviction') {
    const deleteOptions = isRecord(body) ? body.deleteOptions : undefined
    return evictPod(deps, route, body, options.dryRun || rehearses(deleteOptions))
  }
  if (method === 'POST' && name === undefined) return createObject(deps, route, body, options)
  if (name === undefined) throw methodNotAllowed()
  if (subresource === 'scale') {
    const scale: KubeObject | Record<string, unknown> = scaleOf(existing(deps.store, route))
    if (method === 'PUT' && isRecord(body)) return writeScale(deps, route, body, options)
    if (method === 'PATCH') return writeScale(deps, route, patched(scale, body, options.contentType), options)
    throw methodNotAllowed()
  }
  if (subresource !== undefined && subresource !== 'status') throw noSuchPath()
  if (method === 'PATCH') return patchObject(deps, route, body, options)
  if (method === 'PUT') return replaceObject(deps, route, body, options)
  if (method === 'DELETE') {
    return deleteObject(deps, route, body, options.dryRun || rehearses(body))
  }
  throw methodNotAllowed()
}

/** DeleteOptions say in the body that nothing shall happen. */
function rehearses(options: unknown): boolean {
  return isRecord(options) && Array.isArray(options.dryRun) && options.dryRun.includes('All')
}
