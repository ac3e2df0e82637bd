import { CallerError, ToolError } from '@watchkeeper/mcp-shared'
import type { AccessQuestion, AccessRule, Cluster, LogQuery, ObjectRef, Query } from '../src/cluster.ts'
import { builtInKind, wellKnown } from '../src/kinds.ts'
import type { KubeObject, Pod, Workload } from '../src/objects.ts'

export type Asked = { call: string; ref?: string; patch?: unknown; dryRun?: boolean; force?: boolean; query?: unknown }

/** A cluster of plain objects that records what it was asked. */
export type FakeCluster = Cluster & {
  asked: Asked[]
  put(object: KubeObject): void
  remove(kind: string, name: string): void
  logText: Record<string, string>
  /** Pods that a disruption budget protects, by name, with the budget's. */
  budgets: Record<string, string>
  /** What the API server says to the next apply that is not forced: manager and fields. */
  held: string | undefined
  /** Makes the object move (a new resourceVersion) before each of the next `times` patches. */
  moveBeforePatch(times: number): void
}

/** Objects as an API server has them, with the strategic merge of containers by name that the tools rely on. */
export function fakeCluster(objects: readonly KubeObject[] = []): FakeCluster {
  const stored = new Map<string, KubeObject>()
  const asked: Asked[] = []
  const logText: Record<string, string> = {}
  const budgets: Record<string, string> = {}
  let moves = 0
  let version = 100
  const keyOf = (kind: string, namespace: string | undefined, name: string) => `${kind}/${namespace ?? ''}/${name}`
  const put = (object: KubeObject) => {
    const { name = '', namespace } = object.metadata ?? {}
    const metadata = { uid: `uid-${name}`, ...object.metadata, resourceVersion: String(version++) }
    stored.set(keyOf(object.kind ?? '', namespace, name), { ...object, metadata })
  }
  const find = ({ kind, namespace, name }: ObjectRef): KubeObject => {
    const found = stored.get(keyOf(kind.kind, namespace, name))
    if (!found) throw new CallerError('not_found', `There is no ${kind.kind.toLowerCase()}/${name} in ${namespace}.`)
    return structuredClone(found)
  }
  const matching = ({ kind, namespace, labels }: Query): KubeObject[] => {
    const wanted = (labels ?? '')
      .split(',')
      .filter(Boolean)
      .map((term) => term.split('='))
    return [...stored.values()].filter(
      ({ kind: is, metadata }) =>
        is === kind.kind &&
        (namespace === undefined || metadata?.namespace === namespace) &&
        wanted.every(([key = '', value]) => metadata?.labels?.[key] === value),
    )
  }
  for (const object of objects) put(object)

  const fake: FakeCluster = {
    name: 'home',
    asked,
    put,
    logText,
    budgets,
    held: undefined,
    remove: (kind, name) => {
      for (const key of stored.keys()) if (key.startsWith(`${kind}/`) && key.endsWith(`/${name}`)) stored.delete(key)
    },
    moveBeforePatch: (times) => {
      moves = times
    },
    async kind(name) {
      const kind = builtInKind(name)
      if (!kind) throw new CallerError('not_found', `This cluster has no kind "${name}".`)
      return kind
    },
    async object<T extends KubeObject>(ref: ObjectRef) {
      asked.push({ call: 'object', ref: `${ref.kind.kind}/${ref.name}` })
      return find(ref) as T
    },
    async readForChange<T extends KubeObject>(ref: ObjectRef) {
      asked.push({ call: 'readForChange', ref: `${ref.kind.kind}/${ref.name}` })
      return find(ref) as T
    },
    async objects<T extends KubeObject>(query: Query) {
      asked.push({ call: 'objects', ref: query.kind.kind, query })
      const all = matching(query)
      const from = Number(query.continue ?? 0)
      const items = all.slice(from, from + query.limit)
      const end = from + items.length
      return { items: items as T[], next: end < all.length ? String(end) : null, remaining: all.length - end }
    },
    async table(query: Query) {
      asked.push({ call: 'table', ref: query.kind.kind, query })
      const all = matching(query)
      const rows = all.slice(0, query.limit).map(({ metadata }) => ({
        namespace: metadata?.namespace ?? null,
        name: metadata?.name ?? '',
        cells: [metadata?.name, 'fine', 3],
      }))
      const left = all.length - rows.length
      return { columns: ['Name', 'Status', 'Up-To-Date'], rows, next: left > 0 ? 'more' : null, remaining: left }
    },
    async logs(query: LogQuery) {
      asked.push({ call: 'logs', ref: query.pod, query })
      return (logText[query.pod] ?? 'started\nlistening on 8080\n')
        .split('\n')
        .slice(-query.tail - 1)
        .join('\n')
    },
    async version() {
      asked.push({ call: 'version' })
      return 'v1.34.1'
    },
    async patch<T extends KubeObject>(ref: ObjectRef, patch: object, { dryRun }: { dryRun: boolean }) {
      const { metadata, ...body } = patch as KubeObject
      if (moves > 0) {
        moves -= 1
        put(find(ref))
      }
      asked.push({ call: 'patch', ref: `${ref.kind.kind}/${ref.name}`, patch, dryRun })
      const live = find(ref)
      if (metadata?.resourceVersion !== live.metadata?.resourceVersion)
        throw new ToolError('conflict', 'the object has been modified', { retryable: true })
      const merged = merge(live, {
        ...body,
        metadata: { annotations: metadata?.annotations ?? {}, labels: metadata?.labels ?? {} },
      }) as KubeObject
      if (!dryRun) put(merged)
      return structuredClone(merged) as T
    },
    async resources() {
      asked.push({ call: 'resources' })
      const of = (name: string) => ({ ...wellKnown(name), short: [], verbs: ['get', 'list'] })
      return [of('Pod'), of('Deployment'), of('Node')]
    },
    async may({ verb, kind }: AccessQuestion, as) {
      asked.push({ call: 'may', ref: `${as} ${verb} ${kind.plural}` })
      return { allowed: as === 'operator' || verb === 'get', reason: null }
    },
    async rules(namespace, as) {
      asked.push({ call: 'rules', ref: `${as} ${namespace}` })
      const rules: AccessRule[] = [{ verbs: ['list', 'get'], apiGroups: ['', 'apps'], resources: ['deployments'] }]
      return { rules, incomplete: false }
    },
    async apply<T extends KubeObject>(ref: ObjectRef, manifest: object, { dryRun, force }: Forced) {
      const { metadata, ...body } = manifest as KubeObject
      const live = stored.get(keyOf(ref.kind.kind, ref.namespace, ref.name))
      asked.push({ call: 'apply', ref: `${ref.kind.kind}/${ref.name}`, patch: manifest, dryRun, force })
      if (metadata?.resourceVersion && metadata.resourceVersion !== live?.metadata?.resourceVersion)
        throw new ToolError('conflict', 'the object has been modified', { retryable: true })
      if (fake.held && !force) throw new CallerError('conflict', `others manage fields: ${fake.held}`)
      const { resourceVersion: _version, ...meta } = metadata ?? {}
      const merged = merge(live ?? {}, { ...body, metadata: meta }) as KubeObject
      if (!dryRun) put(merged)
      return structuredClone(merged) as T
    },
    async create<T extends KubeObject>(ref: ObjectRef, object: object, { dryRun }: { dryRun: boolean }) {
      asked.push({ call: 'create', ref: `${ref.kind.kind}/${ref.name}`, patch: object, dryRun })
      if (stored.has(keyOf(ref.kind.kind, ref.namespace, ref.name)))
        throw new CallerError('conflict', `${ref.name} already exists`)
      if (!dryRun) put(object as KubeObject)
      return structuredClone(object) as T
    },
    async delete(ref: ObjectRef, { uid, dryRun }: Exactly) {
      asked.push({ call: 'delete', ref: `${ref.kind.kind}/${ref.name}`, dryRun })
      if (find(ref).metadata?.uid !== uid) throw new CallerError('conflict', 'Precondition failed: UID')
      if (!dryRun) stored.delete(keyOf(ref.kind.kind, ref.namespace, ref.name))
    },
    async evict(ref: ObjectRef, { uid, dryRun }: Exactly) {
      asked.push({ call: 'evict', ref: `${ref.kind.kind}/${ref.name}`, dryRun })
      if (find(ref).metadata?.uid !== uid) throw new CallerError('conflict', 'Precondition failed: UID')
      const budget = budgets[ref.name]
      if (budget) throw new CallerError('refused', `A disruption budget forbids it: ${budget} needs it.`)
      if (!dryRun) stored.delete(keyOf(ref.kind.kind, ref.namespace, ref.name))
    },
  }
  return fake
}

type Forced = { dryRun: boolean; force: boolean }
type Exactly = { uid: string; dryRun: boolean }

function merge(base: unknown, patch: unknown, field = ''): unknown {
  if (Array.isArray(patch) && field === 'containers' && Array.isArray(base))
    return [
      ...base.map((one) => merge(one, patch.find(({ name }) => name === one.name) ?? {})),
      ...patch.filter(({ name }) => !base.some((one) => one.name === name)),
    ]
  if (patch === null || typeof patch !== 'object' || Array.isArray(patch)) return patch
  if ('$patch' in patch) return Object.fromEntries(Object.entries(patch).filter(([key]) => key !== '$patch'))
  const result: Record<string, unknown> = base !== null && typeof base === 'object' ? { ...base } : {}
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key]
    else result[key] = merge(result[key], value, key)
  }
  return result
}

/** A Deployment `shop/cart` with one replica, 1Gi of memory and a running pod; `over` is merged into its spec. */
export function cart({
  annotations = {},
  labels = {},
  spec = {},
}: {
  annotations?: Record<string, string>
  labels?: Record<string, string>
  spec?: object
} = {}): Workload {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name: 'cart',
      namespace: 'shop',
      uid: 'uid-cart',
      generation: 3,
      annotations: { 'deployment.kubernetes.io/revision': '2', ...annotations },
      labels,
    },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: 'cart' } },
      template: {
        metadata: { labels: { app: 'cart' } },
        spec: {
          containers: [
            {
              name: 'app',
              image: 'cart:1',
              resources: { limits: { memory: '1Gi', cpu: '500m' }, requests: { memory: '512Mi' } },
            },
          ],
        },
      },
      ...spec,
    },
    status: { observedGeneration: 3, replicas: 1, readyReplicas: 1, updatedReplicas: 1, availableReplicas: 1 },
  }
}

export function cartReplicaSet(hash = 'abc', revision = '2', image = 'cart:1'): KubeObject {
  return {
    kind: 'ReplicaSet',
    metadata: {
      name: `cart-${hash}`,
      namespace: 'shop',
      labels: { app: 'cart', 'pod-template-hash': hash },
      annotations: { 'deployment.kubernetes.io/revision': revision },
      ownerReferences: [{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'cart', uid: 'uid-cart', controller: true }],
    },
    spec: {
      template: {
        metadata: { labels: { app: 'cart', 'pod-template-hash': hash } },
        spec: { containers: [{ name: 'app', image }] },
      },
    },
  }
}

export function cartPod(
  name = 'cart-abc-1',
  {
    hash = 'abc',
    ready = true,
    restarts = 0,
    state = { running: {} },
    lastState = {},
  }: { hash?: string; ready?: boolean; restarts?: number; state?: object; lastState?: object } = {},
): Pod {
  return {
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'shop',
      creationTimestamp: '2026-11-01T10:00:00Z',
      labels: { app: 'cart', 'pod-template-hash': hash },
      ownerReferences: [
        { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: `cart-${hash}`, uid: `uid-cart-${hash}`, controller: true },
      ],
    },
    spec: {
      nodeName: 'worker-1',
      containers: [
        {
          name: 'app',
          image: 'cart:1',
          resources: { limits: { memory: '1Gi', cpu: '500m' }, requests: { memory: '512Mi' } },
        },
      ],
    },
    status: {
      phase: 'Running',
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
      containerStatuses: [{ name: 'app', ready, restartCount: restarts, state, lastState }],
    },
  }
}

export function shop(): FakeCluster {
  return fakeCluster([
    cart(),
    cartReplicaSet(),
    cartReplicaSet('old', '1', 'cart:0'),
    cartPod(),
    node('worker-1'),
    node('worker-2'),
    backup(),
  ])
}

export function node(name: string, ready = true): KubeObject {
  return {
    kind: 'Node',
    metadata: { name, labels: { 'node-role.kubernetes.io/worker': '' } },
    status: {
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
      nodeInfo: { kubeletVersion: 'v1.34.1' },
    },
  }
}

/** A CronJob `shop/backup` that allows one run at a time. */
export function backup(active: string[] = [], over: object = {}): KubeObject {
  return {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name: 'backup', namespace: 'shop', uid: 'uid-backup' },
    spec: {
      schedule: '0 3 * * *',
      concurrencyPolicy: 'Forbid',
      jobTemplate: { spec: { template: { spec: { containers: [{ name: 'backup', image: 'backup:1' }] } } } },
      ...over,
    },
    status: { active: active.map((name) => ({ name })) },
  }
}

export function event(name: string, over: object = {}): KubeObject {
  return {
    kind: 'Event',
    metadata: { name, namespace: 'shop' },
    type: 'Warning',
    reason: 'BackOff',
    message: 'Back-off restarting failed container',
    count: 2,
    lastTimestamp: '2026-11-01T10:05:00Z',
    involvedObject: { kind: 'Pod', namespace: 'shop', name: 'cart-abc-1' },
    ...over,
  }
}
