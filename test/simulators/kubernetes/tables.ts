import { type ContainerStatus, isRecord, type KubeObject, type Pod, timestamp, type Workload } from './objects.ts'
import type { ResourceType } from './resources.ts'

type Cell = string | number

interface Column {
  name: string
  type?: 'integer'
  /** Shown by `-o wide` only. */
  wide?: true
  cell(object: KubeObject, now: number): Cell
}

/**
 * Renders objects as the Table that kubectl asks for.
 *
 * Source: `Accept: application/json;as=Table;v=v1;g=meta.k8s.io` in the Kubernetes API concepts. `include` is the
 * query's includeObject: None, Metadata (the default) or Object.
 */
export function toTable(
  type: ResourceType,
  objects: KubeObject[],
  { now, include, metadata }: { now: number; include: string; metadata: Record<string, unknown> },
): Record<string, unknown> {
  const columns = COLUMNS[type.plural] ?? GENERIC
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata,
    columnDefinitions: columns.map(({ name, type = 'string', wide }) => ({
      name,
      type,
      format: name === 'Name' ? 'name' : '',
      description: '',
      priority: wide ? 1 : 0,
    })),
    rows: objects.map((object) => ({
      cells: columns.map((column) => column.cell(object, now)),
      ...(include === 'None' ? {} : { object: include === 'Object' ? object : partial(object) }),
    })),
  }
}

function partial({ metadata }: KubeObject): Record<string, unknown> {
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata }
}

/** How kubectl writes an age: 45s, 3m10s, 2h, 5d. */
export function age(since: unknown, now: number): string {
  if (typeof since !== 'string') return '<unknown>'
  const seconds = Math.max(0, Math.floor((now - Date.parse(since)) / 1000))
  const minutes = Math.floor(seconds / 60)
  const hours = Math.floor(minutes / 60)
  if (seconds < 120) return `${seconds}s`
  if (minutes < 10) return seconds % 60 === 0 ? `${minutes}m` : `${minutes}m${seconds % 60}s`
  if (minutes < 180) return `${minutes}m`
  if (hours < 8) return minutes % 60 === 0 ? `${hours}h` : `${hours}h${minutes % 60}m`
  if (hours < 48) return `${hours}h`
  return `${Math.floor(hours / 24)}d`
}

function at(object: unknown, path: string): unknown {
  let value = object
  for (const key of path.split('.')) value = isRecord(value) ? value[key] : undefined
  return value
}

function text(path: string, otherwise = '<none>'): Column['cell'] {
  return (object) => String(at(object, path) ?? otherwise)
}

function count(path: string): Column['cell'] {
  return (object) => Number(at(object, path) ?? 0)
}

const name: Column = { name: 'Name', cell: (object) => object.metadata.name }
const created: Column = { name: 'Age', cell: (object, now) => age(object.metadata.creationTimestamp, now) }
const GENERIC = [name, created]

const templates: Column[] = [
  { name: 'Containers', wide: true, cell: (object) => containersOf(object, 'name') },
  { name: 'Images', wide: true, cell: (object) => containersOf(object, 'image') },
]
const selector: Column = {
  name: 'Selector',
  wide: true,
  cell: (object) => pairs(at(object, 'spec.selector.matchLabels')),
}

function containersOf(object: KubeObject, field: 'name' | 'image'): string {
  return (object as Workload).spec.template.spec.containers.map((container) => container[field]).join(',')
}

function pairs(labels: unknown): string {
  const all = isRecord(labels) ? Object.entries(labels).map(([key, value]) => `${key}=${value}`) : []
  return all.length > 0 ? all.join(',') : '<none>'
}

function containers(object: KubeObject): ContainerStatus[] {
  return (object as Pod).status.containerStatuses
}

function podStatus(object: KubeObject): string {
  if (object.metadata.deletionTimestamp) return 'Terminating'
  for (const { state } of containers(object)) {
    const reason = state.waiting?.reason ?? state.terminated?.reason
    if (reason) return reason
  }
  return (object as Pod).status.phase
}

function podRestarts(object: KubeObject, now: number): string {
  const total = containers(object).reduce((sum, status) => sum + status.restartCount, 0)
  const last = containers(object).flatMap((status) => status.lastState.terminated?.finishedAt ?? [])[0]
  return last && total > 0 ? `${total} (${age(last, now)} ago)` : String(total)
}

function ready(path: string): Column['cell'] {
  return (object) => `${Number(at(object, path) ?? 0)}/${Number(at(object, 'spec.replicas') ?? 1)}`
}

function address(type: string): Column['cell'] {
  return (object) => {
    const all = at(object, 'status.addresses')
    const found = Array.isArray(all) ? all.find((entry) => isRecord(entry) && entry.type === type) : undefined
    return isRecord(found) ? String(found.address) : '<none>'
  }
}

function nodeStatus(object: KubeObject): string {
  const conditions = at(object, 'status.conditions')
  const found = Array.isArray(conditions)
    ? conditions.find((entry) => isRecord(entry) && entry.type === 'Ready')
    : undefined
  const status = isRecord(found) && found.status === 'True' ? 'Ready' : 'NotReady'
  return at(object, 'spec.unschedulable') === true ? `${status},SchedulingDisabled` : status
}

function nodeRoles({ metadata }: KubeObject): string {
  const prefix = 'node-role.kubernetes.io/'
  const roles = Object.keys(metadata.labels ?? {}).flatMap((key) =>
    key.startsWith(prefix) ? key.slice(prefix.length) : [],
  )
  return roles.join(',') || '<none>'
}

function readyCondition(object: KubeObject): string {
  const conditions = at(object, 'status.conditions')
  const found = Array.isArray(conditions) ? conditions.find((one) => isRecord(one) && one.type === 'Ready') : undefined
  return isRecord(found) ? String(found.status) : ''
}

function lengthOf(path: string): Column['cell'] {
  return (object) => {
    const value = at(object, path)
    return Array.isArray(value) ? value.length : 0
  }
}

function keysOf(path: string): Column['cell'] {
  return (object) => Object.keys((at(object, path) as object | undefined) ?? {}).length
}

const ACCESS: Record<string, string> = { ReadWriteOnce: 'RWO', ReadOnlyMany: 'ROX', ReadWriteMany: 'RWX' }

const COLUMNS: Record<string, Column[]> = {
  pods: [
    name,
    {
      name: 'Ready',
      cell: (pod) => `${containers(pod).filter((status) => status.ready).length}/${containers(pod).length}`,
    },
    { name: 'Status', cell: podStatus },
    { name: 'Restarts', cell: podRestarts },
    created,
    { name: 'IP', wide: true, cell: text('status.podIP') },
    { name: 'Node', wide: true, cell: text('spec.nodeName') },
    { name: 'Nominated Node', wide: true, cell: () => '<none>' },
    { name: 'Readiness Gates', wide: true, cell: () => '<none>' },
  ],
  deployments: [
    name,
    { name: 'Ready', cell: ready('status.readyReplicas') },
    { name: 'Up-to-date', type: 'integer', cell: count('status.updatedReplicas') },
    { name: 'Available', type: 'integer', cell: count('status.availableReplicas') },
    created,
    ...templates,
    selector,
  ],
  replicasets: [
    name,
    { name: 'Desired', type: 'integer', cell: count('spec.replicas') },
    { name: 'Current', type: 'integer', cell: count('status.replicas') },
    { name: 'Ready', type: 'integer', cell: count('status.readyReplicas') },
    created,
    ...templates,
    selector,
  ],
  statefulsets: [name, { name: 'Ready', cell: ready('status.readyReplicas') }, created, ...templates],
  daemonsets: [
    name,
    { name: 'Desired', type: 'integer', cell: count('status.desiredNumberScheduled') },
    { name: 'Current', type: 'integer', cell: count('status.currentNumberScheduled') },
    { name: 'Ready', type: 'integer', cell: count('status.numberReady') },
    { name: 'Up-to-date', type: 'integer', cell: count('status.updatedNumberScheduled') },
    { name: 'Available', type: 'integer', cell: count('status.numberAvailable') },
    { name: 'Node Selector', cell: () => '<none>' },
    created,
    ...templates,
    selector,
  ],
  nodes: [
    name,
    { name: 'Status', cell: nodeStatus },
    { name: 'Roles', cell: nodeRoles },
    created,
    { name: 'Version', cell: text('status.nodeInfo.kubeletVersion') },
    { name: 'Internal-IP', wide: true, cell: address('InternalIP') },
    { name: 'External-IP', wide: true, cell: address('ExternalIP') },
    { name: 'OS-Image', wide: true, cell: text('status.nodeInfo.osImage') },
    { name: 'Kernel-Version', wide: true, cell: text('status.nodeInfo.kernelVersion') },
    { name: 'Container-Runtime', wide: true, cell: text('status.nodeInfo.containerRuntimeVersion') },
  ],
  namespaces: [name, { name: 'Status', cell: text('status.phase') }, created],
  events: [
    { name: 'Last Seen', cell: (event, now) => age(event.lastTimestamp ?? timestamp(now), now) },
    { name: 'Type', cell: text('type') },
    { name: 'Reason', cell: text('reason') },
    {
      name: 'Object',
      cell: (event) => `${String(at(event, 'involvedObject.kind')).toLowerCase()}/${at(event, 'involvedObject.name')}`,
    },
    { name: 'Subobject', wide: true, cell: text('involvedObject.fieldPath', '') },
    { name: 'Source', wide: true, cell: text('source.component', '') },
    { name: 'Message', cell: text('message', '') },
    { name: 'First Seen', wide: true, cell: (event, now) => age(event.firstTimestamp, now) },
    { name: 'Count', type: 'integer', wide: true, cell: count('count') },
    { ...name, wide: true },
  ],
  services: [
    name,
    { name: 'Type', cell: text('spec.type', 'ClusterIP') },
    { name: 'Cluster-IP', cell: text('spec.clusterIP') },
    { name: 'External-IP', cell: () => '<none>' },
    {
      name: 'Port(s)',
      cell: (service) => {
        const ports = at(service, 'spec.ports')
        return Array.isArray(ports)
          ? ports.map((port) => `${at(port, 'port')}/${at(port, 'protocol') ?? 'TCP'}`).join(',')
          : '<none>'
      },
    },
    created,
    { name: 'Selector', wide: true, cell: (service) => pairs(at(service, 'spec.selector')) },
  ],
  jobs: [
    name,
    { name: 'Status', cell: (job) => (at(job, 'status.succeeded') ? 'Complete' : 'Running') },
    { name: 'Completions', cell: (job) => `${at(job, 'status.succeeded') ?? 0}/${at(job, 'spec.completions') ?? 1}` },
    created,
  ],
  cronjobs: [
    name,
    { name: 'Schedule', cell: text('spec.schedule') },
    { name: 'Suspend', cell: (cronJob) => (at(cronJob, 'spec.suspend') === true ? 'True' : 'False') },
    { name: 'Active', type: 'integer', cell: lengthOf('status.active') },
    created,
  ],
  poddisruptionbudgets: [
    name,
    { name: 'Min Available', cell: text('spec.minAvailable', 'N/A') },
    { name: 'Max Unavailable', cell: text('spec.maxUnavailable', 'N/A') },
    { name: 'Allowed Disruptions', type: 'integer', cell: count('status.disruptionsAllowed') },
    created,
  ],
  horizontalpodautoscalers: [
    name,
    {
      name: 'Reference',
      cell: (hpa) => `${at(hpa, 'spec.scaleTargetRef.kind')}/${at(hpa, 'spec.scaleTargetRef.name')}`,
    },
    { name: 'MinPods', cell: text('spec.minReplicas', '1') },
    { name: 'MaxPods', cell: text('spec.maxReplicas') },
    created,
  ],
  persistentvolumes: [
    name,
    { name: 'Capacity', cell: text('spec.capacity.storage') },
    { name: 'Status', cell: text('status.phase') },
    { name: 'Claim', cell: text('spec.claimRef.name', '') },
    created,
  ],
  ingresses: [name, { name: 'Class', cell: text('spec.ingressClassName') }, created],
  storageclasses: [name, { name: 'Provisioner', cell: text('provisioner') }, created],
  serviceaccounts: [name, created],
  leases: [name, { name: 'Holder', cell: text('spec.holderIdentity', '') }, created],
  customresourcedefinitions: [name, { name: 'Created At', cell: text('metadata.creationTimestamp') }],
  // What the resource's definition asks for in additionalPrinterColumns.
  certificates: [
    name,
    { name: 'Ready', cell: readyCondition },
    { name: 'Secret', cell: text('spec.secretName') },
    { name: 'Issuer', wide: true, cell: text('spec.issuerRef.name') },
    created,
  ],
  configmaps: [name, { name: 'Data', type: 'integer', cell: keysOf('data') }, created],
  secrets: [
    name,
    { name: 'Type', cell: text('type', 'Opaque') },
    { name: 'Data', type: 'integer', cell: keysOf('data') },
    created,
  ],
  persistentvolumeclaims: [
    name,
    { name: 'Status', cell: text('status.phase') },
    { name: 'Volume', cell: text('spec.volumeName', '') },
    { name: 'Capacity', cell: text('status.capacity.storage', '') },
    {
      name: 'Access Modes',
      cell: (claim) => {
        const modes = at(claim, 'spec.accessModes')
        return Array.isArray(modes) ? modes.map((mode) => ACCESS[String(mode)] ?? String(mode)).join(',') : ''
      },
    },
    { name: 'StorageClass', cell: text('spec.storageClassName', '') },
    { name: 'VolumeAttributesClass', cell: () => '<unset>' },
    created,
    { name: 'VolumeMode', wide: true, cell: text('spec.volumeMode', 'Filesystem') },
  ],
}
