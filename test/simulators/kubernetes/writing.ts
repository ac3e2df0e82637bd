import type { Access } from './access.ts'
import { ApiError, alreadyExists, badRequest, conflict, notFound } from './api-error.ts'
import { budgetOf, disruptionsAllowed } from './budgets.ts'
import { afterApply, afterUpdate, without } from './field-managers.ts'
import type { Jobs } from './jobs.ts'
import { suffix } from './names.ts'
import {
  type Draft,
  isReady,
  isRecord,
  type KubeObject,
  type Pod,
  timestamp,
  type Workload,
  type WorkloadKind,
} from './objects.ts'
import { jsonPatch, mergePatch, strategicMergePatch } from './patch.ts'
import { podDefaults } from './pods.ts'
import { apiVersionOf, type ResourceType, resourceOfKind } from './resources.ts'
import type { Route } from './route.ts'
import { nextGeneration, type Store, same } from './store.ts'
import { validate } from './validate.ts'
import type { Workloads } from './workloads.ts'

export interface WriteDeps {
  store: Store
  workloads: Workloads
  jobs: Jobs
  access: Access
  now: () => number
}

export interface WriteOptions {
  dryRun: boolean
  manager: string
  contentType: string
  /** Server-side apply takes over what others manage. */
  force: boolean
}

/** What a write came to: the object afterwards, what stands in the store, and whether anything moved. */
export interface Written {
  status: number
  answer: Record<string, unknown>
  /** The object the write was about, for the effect marks on it. */
  object: KubeObject
  changed: boolean
  /** Nothing was stored, because the request asked for a rehearsal. */
  dryRun: boolean
}

const APPLY = 'application/apply-patch+yaml'
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
  'Job',
  'CronJob',
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
  const { status: _status, ...rest } = draft
  const bare = asStored({ ...rest, metadata }, deps.now())
  const whole = type.kind === 'Pod' ? podDefaults(bare, deps.now()) : bare
  const managedFields =
    options.contentType === APPLY
      ? afterApply(type, undefined, whole, applying(options, deps.now())).managedFields
      : afterUpdate(type, undefined, whole, options.manager, deps.now())
  const ready: Draft = { ...whole, metadata: { ...whole.metadata, managedFields } }
  const preview = asStored({ ...ready, metadata: { ...ready.metadata, uid: '', resourceVersion: '' } }, deps.now())
  validate(type, preview, undefined)
  if (options.dryRun) return { status: 201, answer: preview, object: preview, changed: false, dryRun: true }
  const object = deps.store.create(type, ready)
  if (CONTROLLED.has(type.kind)) deps.workloads.track(object as Workload)
  if (type.kind === 'Job') deps.jobs.started(object)
  return { status: 201, answer: object, object, changed: true, dryRun: false }
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
  const applies = options.contentType === APPLY
  const current = deps.store.get(type, namespace, name)
  if (!current && applies) return createObject(deps, { ...route, name: undefined }, named(body, name), options)
  if (!current) throw notFound(type, name)
  if (applies) return applyObject(deps, route, current, body, options)
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
  if (contentType === 'application/strategic-merge-patch+json') return strategicMergePatch(current, body)
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
  applied?: Record<string, unknown>[],
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
  const { dryRun } = options
  const unchanged = same(withoutManagers(next), withoutManagers(current))
  if (unchanged && (!applied || sameManagers(applied, current)))
    return { status: 200, answer: current, object: current, changed: false, dryRun }
  const managedFields = applied ?? afterUpdate(type, current, next, options.manager, now())
  const marked = { ...next, metadata: { ...next.metadata, managedFields } }
  const raised = nextGeneration(type, current, next)
  const preview = raised === undefined ? marked : { ...marked, metadata: { ...marked.metadata, generation: raised } }
  if (dryRun) return { status: 200, answer: preview, object: preview, changed: false, dryRun }
  const stored = store.replace(type, marked)
  if (CONTROLLED.has(type.kind)) workloads.changed(current as Workload, stored as Workload)
  return { status: 200, answer: stored, object: stored, changed: true, dryRun }
}

export function deleteObject(
  { store, workloads, jobs }: WriteDeps,
  route: Route,
  body: unknown,
  dryRun: boolean,
): Written {
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
    if (type.kind === 'Job') jobs.removed(object)
  }
  return { status: 200, answer: type.kind === 'Pod' ? object : done, object, changed: !dryRun, dryRun }
}

/** `POST …/pods/NAME/eviction`: a deletion that a disruption budget may refuse with 429, in the words of the real API. */
export function evictPod(deps: WriteDeps, route: Route, body: unknown, dryRun: boolean): Written {
  const options = isRecord(body) ? body.deleteOptions : undefined
  const pod = existing(deps.store, route) as Pod
  const budget = budgetOf(deps.store, pod)
  const { allowed, healthy, needed } = budget ? disruptionsAllowed(deps.store, budget) : NO_BUDGET
  if (budget && allowed <= 0 && isReady(pod)) {
    const message = "Cannot evict pod as it would violate the pod's disruption budget."
    const told = `The disruption budget ${budget.metadata.name} needs ${needed} healthy pods and has ${healthy} currently`
    throw new ApiError(429, 'TooManyRequests', message, { causes: [{ reason: 'DisruptionBudget', message: told }] })
  }
  const written = deleteObject(deps, { ...route, subresource: undefined }, options, dryRun)
  return {
    ...written,
    status: 201,
    answer: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 },
  }
}

const NO_BUDGET = { allowed: 1, healthy: 0, needed: 0 }

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

function sameManagers(applied: Record<string, unknown>[], { metadata }: KubeObject): boolean {
  const untimed = (entries: Record<string, unknown>[]) => entries.map(({ time: _time, ...entry }) => entry)
  return same(untimed(applied), untimed(metadata.managedFields ?? []))
}

function applying({ manager, force }: WriteOptions, now: number) {
  return { by: manager, force, now }
}

/** Server-side apply to an object that is there: the manifest over it, less what this manager no longer asks for. */
function applyObject(
  deps: WriteDeps,
  route: Route,
  current: KubeObject,
  body: unknown,
  options: WriteOptions,
): Written {
  if (!isRecord(body)) throw badRequest('error decoding patch: a patch is a JSON object')
  if (body.metadata !== undefined && isRecord(body.metadata) && body.metadata.managedFields !== undefined)
    throw badRequest('metadata.managedFields must be nil')
  const { dropped, managedFields } = afterApply(route.type, current, body, applying(options, deps.now()))
  const merged = strategicMergePatch(without(current, dropped), body)
  if (!isRecord(merged)) throw badRequest('the patch leaves no object')
  return update(deps, route, current, merged, options, managedFields)
}

/** A manifest may leave its name to the address. */
function named(body: unknown, name: string): unknown {
  return isRecord(body) ? { ...body, metadata: { ...(isRecord(body.metadata) ? body.metadata : {}), name } } : body
}
