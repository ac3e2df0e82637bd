import { ApiError, badRequest, notFound } from './api-error.ts'
import { withStatus } from './budgets.ts'
import { type KubeObject, type Pod, timestamp } from './objects.ts'
import { apiVersionOf, type ResourceType, resourceOfKind } from './resources.ts'
import type { Route } from './route.ts'
import { fieldRequirements, fieldSelector, labelSelector, type Test } from './selectors.ts'
import type { Store } from './store.ts'
import { toTable } from './tables.ts'

/** What of a list or a single object a client wants to see, and how. */
export interface View {
  table: boolean
  include: string
}

/** Reads the Accept header: a Table only for a client that asks for one first. */
export function viewOf(accept: string | undefined, query: URLSearchParams): View {
  const first = (accept ?? '').split(',')[0] ?? ''
  return { table: /as=Table/.test(first), include: query.get('includeObject') ?? 'Metadata' }
}

export function getObject(store: Store, { type, namespace, name = '' }: Route, now: number): KubeObject {
  const found =
    type.group === 'metrics.k8s.io' ? metric(store, type, namespace, name, now) : store.get(type, namespace, name)
  if (!found) throw notFound(type, name)
  return type.kind === 'PodDisruptionBudget' ? withStatus(store, found) : found
}

/** One object as the answer's JSON. */
export function showObject(store: Store, type: ResourceType, object: KubeObject, view: View, now: number): string {
  if (!view.table) return store.json(object)
  const metadata = { resourceVersion: object.metadata.resourceVersion }
  return JSON.stringify(toTable(type, [object], { now, include: view.include, metadata }))
}

/** A list as the answer's JSON, in pages when `limit` is given. */
export function showList(store: Store, route: Route, query: URLSearchParams, view: View, now: number): string {
  const { type } = route
  const found = candidates(store, route, query, now).filter(selection(query))
  const matching = type.kind === 'PodDisruptionBudget' ? found.map((budget) => withStatus(store, budget)) : found
  const { page, metadata } = paged(matching, query, store.version())
  if (view.table) return JSON.stringify(toTable(type, page, { now, include: view.include, metadata }))
  const head = JSON.stringify({ kind: `${type.kind}List`, apiVersion: apiVersionOf(type), metadata })
  return `${head.slice(0, -1)},"items":[${page.map((object) => store.json(object)).join(',')}]}`
}

export function selection(query: URLSearchParams): Test {
  const labels = query.get('labelSelector')
  const fields = query.get('fieldSelector')
  const byLabel = labels ? labelSelector(labels) : undefined
  const byField = fields ? fieldSelector(fields) : undefined
  return (object) => (!byLabel || byLabel(object)) && (!byField || byField(object))
}

/** The objects to look through: one, where the field selector names it, and never more than the namespace. */
function candidates(store: Store, { type, namespace }: Route, query: URLSearchParams, now: number): KubeObject[] {
  if (type.group === 'metrics.k8s.io') return metrics(store, type, namespace, now)
  const fields = fieldRequirements(query.get('fieldSelector') ?? '').filter((requirement) => !requirement.negated)
  const named = fields.find((requirement) => requirement.path === 'metadata.name')
  const within = namespace ?? fields.find((requirement) => requirement.path === 'metadata.namespace')?.value
  if (!named || (type.namespaced && within === undefined)) return store.list(type, type.namespaced ? within : undefined)
  const found = store.get(type, type.namespaced ? within : undefined, named.value)
  return found ? [found] : []
}

function paged(
  objects: KubeObject[],
  query: URLSearchParams,
  version: number,
): { page: KubeObject[]; metadata: Record<string, unknown> } {
  const limit = Number(query.get('limit') ?? 0)
  if (!Number.isInteger(limit) || limit < 0) throw badRequest(`limit: Invalid value: ${query.get('limit')}`)
  const token = query.get('continue')
  const { after, resourceVersion } = token ? readToken(token) : { after: undefined, resourceVersion: String(version) }
  const rest = after === undefined ? objects : objects.filter((object) => keyOf(object) > after)
  if (limit === 0 || rest.length <= limit) return { page: rest, metadata: { resourceVersion } }
  const page = rest.slice(0, limit)
  const last = page.at(-1)
  const next = Buffer.from(JSON.stringify({ after: last ? keyOf(last) : '', resourceVersion })).toString('base64url')
  return { page, metadata: { resourceVersion, continue: next, remainingItemCount: rest.length - limit } }
}

/** Where an object stands in a list; namespaces sort before what they hold. */
function keyOf({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ''}\u0000${metadata.name}`
}

function readToken(token: string): { after: string; resourceVersion: string } {
  try {
    const { after, resourceVersion } = JSON.parse(Buffer.from(token, 'base64url').toString()) as Record<string, unknown>
    if (typeof after === 'string' && typeof resourceVersion === 'string') return { after, resourceVersion }
  } catch {
    // Falls through to the refusal below.
  }
  throw new ApiError(400, 'BadRequest', 'continue key is not valid')
}

function metrics(store: Store, type: ResourceType, namespace: string | undefined, now: number): KubeObject[] {
  const sources = store.list(resourceOfKind('v1', type.kind === 'NodeMetrics' ? 'Node' : 'Pod'), namespace)
  return sources.flatMap(
    (source) => metric(store, type, namespace ?? source.metadata.namespace, source.metadata.name, now) ?? [],
  )
}

/** Usage as metrics-server reports it: steady, made up from the name's length. */
function metric(
  store: Store,
  type: ResourceType,
  namespace: string | undefined,
  name: string,
  now: number,
): KubeObject | undefined {
  const source = store.get(resourceOfKind('v1', type.kind === 'NodeMetrics' ? 'Node' : 'Pod'), namespace, name)
  if (!source) return undefined
  const { metadata } = source
  const common = { apiVersion: apiVersionOf(type), kind: type.kind, metadata, timestamp: timestamp(now), window: '15s' }
  if (type.kind === 'NodeMetrics')
    return { ...common, usage: { cpu: `${name.length * 50}m`, memory: `${name.length * 200}Mi` } }
  const pod = source as Pod
  const running = pod.status.containerStatuses.filter((status) => status.state.running)
  const containers = running.map((status) => ({
    name: status.name,
    usage: { cpu: '12m', memory: `${64 + status.name.length}Mi` },
  }))
  return { ...common, containers }
}
