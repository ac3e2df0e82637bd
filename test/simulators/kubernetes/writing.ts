import { ApiError, alreadyExists, badRequest, conflict, notFound } from './api-error.ts'
import { suffix } from './names.ts'
import { type Draft, isRecord, type KubeObject, timestamp, type Workload, type WorkloadKind } from './objects.ts'
import { jsonPatch, mergePatch, strategicMergePatch } from './patch.ts'
import { apiVersionOf, type ResourceType, resourceOfKind } from './resources.ts'
import type { Route } from './route.ts'
import { nextGeneration, type Store, same } from './store.ts'
import { validate } from './validate.ts'
import type { Workloads } from './workloads.ts'

export interface WriteDeps {
  store: Store
  workloads: Workloads
  now: () => number
}

export interface WriteOptions {
  dryRun: boolean
  manager: string
  contentType: string
}

/** What a write came to: the object afterwards, what stands in the store, and whether anything moved. */
export interface Written {
  status: number
  answer: Record<string, unknown>
  /** The object the write was about, for the effect marks on it. */
  object: KubeObject
  changed: boolean
}

const CONTROLLED = new Set<string>(['Deployment', 'StatefulSet', 'DaemonSet'] satisfies WorkloadKind[])
const STATUS_OWNERS = new Set([
  'Deployment',
  'StatefulSet',
  'DaemonSet',
  'ReplicaSet',
  'Pod',
  'Node',
  'Namespace',
  'PersistentVolumeClaim',
])

export function createObject(deps: WriteDeps, route: Route, body: unknown, options: WriteOptions): Written {
  const { type, namespace } = route
  const draft = readObject(type, body)
  const name = draft.metadata.name || (draft.metadata.generateName ? `${draft.metadata.generateName}${suffix()}` : '')
  if (namespace !== undefined && !deps.store.get(resourceOfKind('v1', 'Namespace'), undefined, namespace)) {
    throw notFound(resourceOfKind('v1', 'Namespace'), namespace)
  }
  if (deps.store.get(type, namespace, name)) throw alreadyExists(type, name)
  const metadata = { ...draft.metadata, name, ...(namespace === undefined ? {} : { namespace }) }
  const ready: Draft = { ...draft, status: undefined, metadata: managed(metadata, type, options, deps.now()) }
  const preview = asStored({ ...ready, metadata: { ...ready.metadata, uid: '', resourceVersion: '' } }, deps.now())
  validate(type, preview, undefined)
  if (options.dryRun) return { status: 201, answer: preview, object: preview, changed: false }
  const object = deps.store.create(type, ready)
  if (CONTROLLED.has(type.kind)) deps.workloads.track(object as Workload)
  return { status: 201, answer: object, object, changed: true }
}

export function replaceObject(deps: WriteDeps, route: Route, body: unknown, options: WriteOptions): Written {
  const current = existing(deps.store, route)
  const next = readObject(route.type, body)
  if (next.metadata.name !== current.metadata.name) {
    throw badRequest(
      `the name of the object (${next.metadata.name}) does not match the name on the URL (${current.metadata.name})`,
    )
  }
  const metadata = {
    ...next.metadata,
    resourceVersion: next.metadata.resourceVersion ?? current.metadata.resourceVersion,
  }
  return update(deps, route, current, { ...next, metadata }, options)
}

export function patchObject(deps: WriteDeps, route: Route, body: unknown, options: WriteOptions): Written {
  const { type, namespace, name = '' } = route
  const applies = options.contentType === 'application/apply-patch+yaml'
  const current = deps.store.get(type, namespace, name)
  if (!current && applies) return createObject(deps, { ...route, name: undefined }, body, options)
  if (!current) throw notFound(type, name)
  return update(deps, route, current, patched(current, body, options.contentType), options)
}

export function patched(current: unknown, body: unknown, contentType: string): Record<string, unknown> {
  const result = applyPatch(current, body, contentType)
  if (!isRecord(result)) throw badRequest('the patch leaves no object')
  return result
}

function applyPatch(current: unknown, body: unknown, contentType: string): unknown {
  if (contentType === 'application/json-patch+json') return jsonPatch(current, body)
  if (!isRecord(body)) throw badRequest('error decoding patch: a patch is a JSON object')
  if (contentType === 'application/merge-patch+json') return mergePatch(current, body)
  if (contentType === 'application/strategic-merge-patch+json' || contentType === 'application/apply-patch+yaml') {
    return strategicMergePatch(current, body)
  }
  const message = `the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml, application/strategic-merge-patch+json`
  throw new ApiError(415, 'UnsupportedMediaType', message)
}

/** Checks a next state against the present one and stores it, unless this is a dry run or nothing moved. */
export function update(
  { store, workloads, now }: WriteDeps,
  route: Route,
  current: KubeObject,
  wanted: Record<string, unknown>,
  options: WriteOptions,
): Written {
  const { type } = route
  const name = current.metadata.name
  const given = readObject(type, wanted)
  if (given.metadata.uid !== undefined && given.metadata.uid !== current.metadata.uid) {
    throw conflict(
      type,
      name,
      `Precondition failed: UID in precondition: ${given.metadata.uid}, UID in object meta: ${current.metadata.uid}`,
    )
  }
  if (given.metadata.resourceVersion !== current.metadata.resourceVersion) throw conflict(type, name)
  const { apiVersion, kind } = current
  const { uid, resourceVersion, creationTimestamp, generation, namespace } = current.metadata
  const kept = { name, uid, resourceVersion, creationTimestamp, ...(namespace ? { namespace } : {}) }
  const counted = generation === undefined ? {} : { generation }
  const metadata = { ...given.metadata, ...kept, ...counted }
  const next: KubeObject =
    route.subresource === 'status'
      ? { ...current, status: given.status }
      : { ...given, apiVersion, kind, metadata, ...(STATUS_OWNERS.has(type.kind) ? { status: current.status } : {}) }
  validate(type, next, current)
  if (same(withoutManagers(next), withoutManagers(current)))
    return { status: 200, answer: current, object: current, changed: false }
  const marked = { ...next, metadata: managed(next.metadata, type, options, now()) }
  const raised = nextGeneration(type, current, next)
  const preview = raised === undefined ? marked : { ...marked, metadata: { ...marked.metadata, generation: raised } }
  if (options.dryRun) return { status: 200, answer: preview, object: preview, changed: false }
  const stored = store.replace(type, marked)
  if (CONTROLLED.has(type.kind)) workloads.changed(current as Workload, stored as Workload)
  return { status: 200, answer: stored, object: stored, changed: true }
}

export function deleteObject({ store, workloads }: WriteDeps, route: Route, body: unknown, dryRun: boolean): Written {
  const { type } = route
  const object = existing(store, route)
  const { name, uid, resourceVersion } = object.metadata
  const wanted = isRecord(body) && isRecord(body.preconditions) ? body.preconditions : {}
  if (wanted.uid !== undefined && wanted.uid !== uid) {
    throw conflict(type, name, `Precondition failed: UID in precondition: ${wanted.uid}, UID in object meta: ${uid}`)
  }
  if (wanted.resourceVersion !== undefined && wanted.resourceVersion !== resourceVersion) throw conflict(type, name)
  const details = { name, ...(type.group ? { group: type.group } : {}), kind: type.plural, uid }
  const done = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details }
  if (!dryRun) {
    store.remove(type, object)
    if (CONTROLLED.has(type.kind)) workloads.removed(object)
    if (type.kind === 'Pod') workloads.podRemoved(object)
  }
  return { status: 200, answer: type.kind === 'Pod' ? object : done, object, changed: !dryRun }
}

/** `POST …/pods/NAME/eviction`: a deletion that a disruption budget may refuse with 429. */
export function evictPod(deps: WriteDeps, route: Route, body: unknown, dryRun: boolean): Written {
  const options = isRecord(body) ? body.deleteOptions : undefined
  const pod = existing(deps.store, route)
  const budgets = deps.store.list(resourceOfKind('policy/v1', 'PodDisruptionBudget'), pod.metadata.namespace)
  const budget = budgets.find((candidate) => protects(candidate, pod))
  if (budget) {
    const message = "Cannot evict pod as it would violate the pod's disruption budget."
    const told = `The disruption budget ${budget.metadata.name} does not allow a disruption now`
    throw new ApiError(429, 'TooManyRequests', message, { causes: [{ reason: 'DisruptionBudget', message: told }] })
  }
  const written = deleteObject(deps, { ...route, subresource: undefined }, options, dryRun)
  return {
    ...written,
    status: 201,
    answer: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 },
  }
}

/** A budget that allows no disruption at all; the simulation knows no finer ones. */
function protects(budget: KubeObject, pod: KubeObject): boolean {
  const spec = isRecord(budget.spec) ? budget.spec : {}
  const labels = isRecord(spec.selector) && isRecord(spec.selector.matchLabels) ? spec.selector.matchLabels : {}
  const covers = Object.entries(labels).every(([key, value]) => pod.metadata.labels?.[key] === value)
  return covers && (spec.maxUnavailable === 0 || spec.minAvailable === '100%')
}

/** The Scale of a workload, as the scale subresource answers it. */
export function scaleOf(workload: KubeObject): Record<string, unknown> {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = workload.metadata
  const spec = workload.spec as Workload['spec']
  const status = isRecord(workload.status) ? workload.status : {}
  const labels = Object.entries(spec.selector.matchLabels ?? {}).map(([key, value]) => `${key}=${value}`)
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { replicas: spec.replicas ?? 1 },
    status: { replicas: status.replicas ?? 0, selector: labels.join(',') },
  }
}

/** Writes through the scale subresource: `scale` is the whole next Scale. Annotations given on it go to the workload. */
export function writeScale(
  deps: WriteDeps,
  route: Route,
  scale: Record<string, unknown>,
  options: WriteOptions,
): Written {
  const current = existing(deps.store, route)
  const replicas = isRecord(scale.spec) ? scale.spec.replicas : undefined
  const metadata = isRecord(scale.metadata) ? scale.metadata : {}
  const given = {
    ...(typeof metadata.resourceVersion === 'string' ? { resourceVersion: metadata.resourceVersion } : {}),
    ...(typeof metadata.uid === 'string' ? { uid: metadata.uid } : {}),
  }
  const next = {
    ...current,
    metadata: { ...current.metadata, ...given },
    spec: { ...(current.spec as Workload['spec']), replicas: replicas ?? 0 },
  }
  const written = update(deps, { ...route, subresource: undefined }, current, next, options)
  return { ...written, answer: scaleOf(written.object) }
}

export function existing(store: Store, { type, namespace, name = '' }: Route): KubeObject {
  const found = store.get(type, namespace, name)
  if (!found) throw notFound(type, name)
  return found
}

/** Reads a body as an object of this type. Throws 400 when it is of another, or none. */
function readObject(type: ResourceType, body: unknown): Draft {
  if (!isRecord(body)) throw badRequest('the body of the request is not an object')
  const apiVersion = body.apiVersion ?? apiVersionOf(type)
  const kind = body.kind ?? type.kind
  if (apiVersion !== apiVersionOf(type) || kind !== type.kind) {
    throw badRequest(`the object provided is unrecognized (must be of type ${type.kind}): ${apiVersion}, Kind=${kind}`)
  }
  const metadata = isRecord(body.metadata) ? body.metadata : {}
  return {
    ...body,
    apiVersion: apiVersionOf(type),
    kind: type.kind,
    metadata: { ...metadata, name: String(metadata.name ?? '') },
  }
}

function asStored(object: Draft, now: number): KubeObject {
  return {
    ...object,
    metadata: { creationTimestamp: timestamp(now), uid: '', resourceVersion: '', ...object.metadata },
  }
}

function withoutManagers({ metadata, ...rest }: KubeObject): Record<string, unknown> {
  const { managedFields: _, ...others } = metadata
  return { ...rest, metadata: others }
}

/** Notes who wrote last; which fields it wrote is left out. */
function managed<M extends Draft['metadata']>(metadata: M, type: ResourceType, options: WriteOptions, now: number): M {
  const operation = options.contentType === 'application/apply-patch+yaml' ? 'Apply' : 'Update'
  const others = (metadata.managedFields ?? []).filter(
    (entry) => entry.manager !== options.manager || entry.operation !== operation,
  )
  const apiVersion = apiVersionOf(type)
  const entry = {
    manager: options.manager,
    operation,
    apiVersion,
    time: timestamp(now),
    fieldsType: 'FieldsV1',
    fieldsV1: {},
  }
  return { ...metadata, managedFields: [...others, entry] }
}
