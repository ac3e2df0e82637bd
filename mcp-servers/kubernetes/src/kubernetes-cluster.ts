import type { AccessRule, Cluster, Credential, ObjectRef, Query } from './cluster.ts'
import { objectPath } from './kinds.ts'
import type { ClusterAccess } from './kubernetes-config.ts'
import { connect } from './kubernetes-connection.ts'
import { discovery } from './kubernetes-discovery.ts'
import { lastBytes } from './last-bytes.ts'
import type { KubeObject, Meta } from './objects.ts'

const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io'
const STRATEGIC = 'application/strategic-merge-patch+json'
const APPLY = 'application/apply-patch+yaml'
const REVIEWS = '/apis/authorization.k8s.io/v1'
/** Written into managedFields, so that one can see whose change it was. */
const FIELD_MANAGER = 'watchkeeper'
const LOG_BYTES = 2_097_152

type ListMeta = { continue?: string; remainingItemCount?: number }
type List<T> = { items?: T[]; metadata?: ListMeta }
type Table = {
  columnDefinitions?: { name?: string; priority?: number }[]
  rows?: { cells?: unknown[]; object?: { metadata?: Meta } }[]
  metadata?: ListMeta
}

/** A real cluster behind the port. Makes no request until it is asked something. */
export function kubernetesCluster({ name, reader, operator }: ClusterAccess, now: () => number): Cluster {
  const reading = connect(reader, 'reader')
  const operating = reader === operator ? reading : connect(operator, 'operator')
  const found = discovery(reading, now)
  const connectionOf = (as: Credential) => (as === 'reader' ? reading : operating)
  const get = <T>(ref: ObjectRef, connection: typeof reading, signal: AbortSignal) =>
    connection.json<T>({
      method: 'GET',
      path: objectPath(ref.kind, ref.namespace, ref.name),
      about: describeRef(ref),
      signal,
    })

  return {
    name,
    kind: found.kindOf,
    resources: found.resources,
    object: (ref, signal) => get(ref, reading, signal),
    readForChange: (ref, signal) => get(ref, operating, signal),
    async objects<T extends KubeObject>(query: Query, signal: AbortSignal) {
      const { items = [], metadata } = await reading.json<List<T>>({ ...listRequest(query), signal })
      return { items, ...pageOf(metadata) }
    },
    async table(query, signal) {
      const found = await reading.json<Table>({ ...listRequest(query), accept: `${TABLE},application/json`, signal })
      const shown = (found.columnDefinitions ?? []).map(({ name: column = '', priority = 0 }, at) => ({
        column,
        priority,
        at,
      }))
      const columns = shown.filter(({ priority }) => query.wide || priority === 0)
      const rows = (found.rows ?? []).map(({ cells = [], object }) => ({
        namespace: object?.metadata?.namespace ?? null,
        name: object?.metadata?.name ?? String(cells[0] ?? ''),
        cells: columns.map(({ at }) => cells[at]),
      }))
      return { columns: columns.map(({ column }) => column), rows, ...pageOf(found.metadata) }
    },
    async logs({ namespace, pod, container, previous, tail, sinceSeconds }, signal) {
      const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}/log`
      const query = {
        container,
        previous: previous ? 'true' : undefined,
        tailLines: String(tail),
        sinceSeconds: sinceSeconds === undefined ? undefined : String(sinceSeconds),
      }
      const about = `log of pod/${pod} in ${namespace}`
      return lastBytes(
        await reading.stream({ method: 'GET', path, query, accept: '*/*', about, signal }),
        LOG_BYTES,
        signal,
      )
    },
    async version(signal) {
      const { gitVersion = 'unknown' } = await reading.json<{ gitVersion?: string }>({
        method: 'GET',
        path: '/version',
        about: 'version',
        signal,
      })
      return gitVersion
    },
    async may({ verb, kind, subresource, namespace, name: object }, as, signal) {
      const attributes = { verb, group: kind.group, resource: kind.plural, subresource, namespace, name: object }
      const body = { ...reviewOf('SelfSubjectAccessReview'), spec: { resourceAttributes: attributes } }
      const path = `${REVIEWS}/selfsubjectaccessreviews`
      const about = 'access review'
      type Review = { status?: { allowed?: boolean; reason?: string } }
      const { status } = await connectionOf(as).json<Review>({ method: 'POST', path, body, about, signal })
      return { allowed: status?.allowed ?? false, reason: status?.reason || null }
    },
    async rules(namespace, as, signal) {
      const body = { ...reviewOf('SelfSubjectRulesReview'), spec: { namespace } }
      const path = `${REVIEWS}/selfsubjectrulesreviews`
      const about = 'rules review'
      type Review = { status?: { resourceRules?: AccessRule[]; incomplete?: boolean } }
      const { status } = await connectionOf(as).json<Review>({ method: 'POST', path, body, about, signal })
      return { rules: status?.resourceRules ?? [], incomplete: status?.incomplete ?? false }
    },
    patch: (ref, body, { dryRun }, signal) =>
      operating.json({
        ...writeRequest(ref, { dryRun }, signal),
        method: 'PATCH',
        contentType: STRATEGIC,
        body,
      }),
    apply: (ref, manifest, { dryRun, force }, signal) =>
      operating.json({
        ...writeRequest(ref, { dryRun, force }, signal),
        method: 'PATCH',
        contentType: APPLY,
        body: manifest,
      }),
    create: (ref, body, { dryRun }, signal) =>
      operating.json({
        ...writeRequest(ref, { dryRun }, signal),
        method: 'POST',
        path: objectPath(ref.kind, ref.namespace),
        body,
      }),
    async delete(ref, { uid, dryRun }, signal) {
      const { query: _query, ...request } = writeRequest(ref, { dryRun }, signal)
      const body = { ...deleteOptions(uid, dryRun), propagationPolicy: 'Background' }
      await operating.json({ ...request, method: 'DELETE', body })
    },
    async evict(ref, { uid, dryRun }, signal) {
      const { query: _query, ...request } = writeRequest(ref, { dryRun }, signal)
      const metadata = { name: ref.name, namespace: ref.namespace }
      const body = { apiVersion: 'policy/v1', kind: 'Eviction', metadata, deleteOptions: deleteOptions(uid, dryRun) }
      await operating.json({ ...request, method: 'POST', path: `${request.path}/eviction`, body })
    },
  }
}

function reviewOf(kind: string) {
  return { apiVersion: 'authorization.k8s.io/v1', kind }
}

function deleteOptions(uid: string, dryRun: boolean) {
  return { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid }, ...(dryRun ? { dryRun: ['All'] } : {}) }
}

function writeRequest(
  ref: ObjectRef,
  { dryRun, force }: { dryRun: boolean; force?: boolean },
  signal: AbortSignal,
): { path: string; query: Record<string, string | undefined>; about: string; signal: AbortSignal } {
  const query = { fieldManager: FIELD_MANAGER, dryRun: dryRun ? 'All' : undefined, force: force ? 'true' : undefined }
  return { path: objectPath(ref.kind, ref.namespace, ref.name), query, about: describeRef(ref), signal }
}

function listRequest({ kind, namespace, labels, fields, limit, continue: from }: Query) {
  const query = { labelSelector: labels, fieldSelector: fields, limit: String(limit), continue: from }
  return { method: 'GET' as const, path: objectPath(kind, namespace), query, about: `list of ${kind.plural}` }
}

function pageOf(metadata: ListMeta | undefined): { next: string | null; remaining: number | null } {
  return { next: metadata?.continue || null, remaining: metadata?.remainingItemCount ?? null }
}

function describeRef({ kind, namespace, name }: ObjectRef): string {
  return `${kind.kind.toLowerCase()}/${name}${namespace ? ` in ${namespace}` : ''}`
}
