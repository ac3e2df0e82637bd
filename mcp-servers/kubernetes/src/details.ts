import { oneLine } from '@watchkeeper/mcp-shared'
import type { KubeObject, Node } from './objects.ts'

type Facts = Record<string, unknown>

/** What matters for some kinds and has no place of its own in `describe`; short texts by name. */
export function detailsOf(kind: string, object: KubeObject): Record<string, string> {
  const facts = (DETAILS[kind] ?? defaultDetails)(object)
  return Object.fromEntries(
    Object.entries(facts)
      .filter(([, value]) => value !== undefined && value !== null && value !== '')
      .map(([name, value]) => [name, oneLine(Array.isArray(value) ? value.join(', ') : String(value), 300)]),
  )
}

const DETAILS: Readonly<Record<string, (object: KubeObject) => Facts>> = {
  Node: nodeDetails,
  PersistentVolumeClaim: ({ spec, status }) => ({
    storage_class: at(spec, 'storageClassName'),
    volume: at(spec, 'volumeName'),
    access_modes: at(spec, 'accessModes'),
    requested: at(spec, 'resources', 'requests', 'storage'),
    capacity: at(status, 'capacity', 'storage'),
  }),
  PersistentVolume: ({ spec }) => ({
    storage_class: at(spec, 'storageClassName'),
    capacity: at(spec, 'capacity', 'storage'),
    claim: at(spec, 'claimRef', 'name'),
    reclaim: at(spec, 'persistentVolumeReclaimPolicy'),
  }),
  Service: ({ spec }) => ({
    type: at(spec, 'type'),
    cluster_ip: at(spec, 'clusterIP'),
    ports: listOf(at(spec, 'ports')).map((port) => at(port, 'port')),
    selector: pairs(at(spec, 'selector')),
  }),
  Job: ({ status }) => ({
    active: at(status, 'active'),
    succeeded: at(status, 'succeeded'),
    failed: at(status, 'failed'),
  }),
  CronJob: ({ spec, status }) => ({
    schedule: at(spec, 'schedule'),
    suspended: at(spec, 'suspend'),
    last_run: at(status, 'lastScheduleTime'),
    last_success: at(status, 'lastSuccessfulTime'),
  }),
}

function defaultDetails({ spec, status }: KubeObject): Facts {
  return { replicas: at(spec, 'replicas'), ready: at(status, 'readyReplicas') }
}

function nodeDetails({ spec, status }: KubeObject): Facts {
  const node = { spec, status } as Node
  return {
    kubelet: node.status?.nodeInfo?.kubeletVersion,
    os: node.status?.nodeInfo?.osImage,
    runtime: node.status?.nodeInfo?.containerRuntimeVersion,
    schedulable: node.spec?.unschedulable !== true,
    taints: (node.spec?.taints ?? []).map(({ key, value, effect }) => `${key}${value ? `=${value}` : ''}:${effect}`),
    capacity: pairs(node.status?.capacity),
    allocatable: pairs(node.status?.allocatable),
  }
}

/** The value at a path through plain objects; undefined where it ends early. */
export function at(value: unknown, ...path: string[]): unknown {
  let found = value
  for (const key of path) found = found !== null && typeof found === 'object' ? Reflect.get(found, key) : undefined
  return found
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

function pairs(record: unknown): string {
  const entries = record !== null && typeof record === 'object' ? Object.entries(record) : []
  return entries.map(([key, value]) => `${key}=${value}`).join(', ')
}
