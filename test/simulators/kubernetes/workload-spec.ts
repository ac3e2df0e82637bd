import type { Container, Draft, Labels, Workload, WorkloadKind } from './objects.ts'
import { timestamp } from './objects.ts'
import { preferring } from './placing.ts'
import { resourceOfKind } from './resources.ts'
import type { Store } from './store.ts'
import type { Workloads } from './workloads.ts'

export interface WorkloadSpec {
  namespace: string
  name: string
  /** Deployment by default. */
  kind?: WorkloadKind
  /** 1 by default; a DaemonSet runs on every node. */
  replicas?: number
  image?: string
  /** 256Mi by default. */
  memoryLimit?: string
  /** None by default. */
  cpuLimit?: string
  /** Added to `app: NAME`. */
  labels?: Labels
  /** Of the workload itself, as a GitOps controller would leave them. */
  annotations?: Labels
  env?: NonNullable<Container['env']>
  args?: string[]
  /** A node that its pods are put on while it is open. */
  prefers?: string
}

/** Puts in a workload that has been running well since then, with its pods, and its namespace where that is new. */
export function addWorkload(store: Store, workloads: Workloads, spec: WorkloadSpec, since: number): Workload {
  const { namespace, name, kind = 'Deployment' } = spec
  const type = resourceOfKind('v1', 'Namespace')
  if (!store.get(type, undefined, namespace)) store.create(type, namespaceDraft(namespace))
  for (const other of ['Deployment', 'StatefulSet', 'DaemonSet'] as const) {
    if (store.get(resourceOfKind('apps/v1', other), namespace, name)) {
      throw new Error(`there is a ${other} ${namespace}/${name} already: choose another name or remove it first`)
    }
  }
  const workload = store.create(resourceOfKind('apps/v1', kind), workloadDraft(spec, since)) as Workload
  workloads.track(workload, { since })
  return workload
}

export function namespaceDraft(name: string): Draft {
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, labels: { 'kubernetes.io/metadata.name': name } },
    spec: { finalizers: ['kubernetes'] },
    status: { phase: 'Active' },
  }
}

function workloadDraft(spec: WorkloadSpec, since: number): Draft {
  const { namespace, name, kind = 'Deployment', replicas = 1, labels, annotations } = spec
  const own = { app: name, ...labels }
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: {
      name,
      namespace,
      creationTimestamp: timestamp(since),
      labels: own,
      ...(annotations ? { annotations } : {}),
    },
    spec: {
      ...(kind === 'DaemonSet' ? {} : { replicas }),
      ...(kind === 'StatefulSet' ? { serviceName: name } : {}),
      selector: { matchLabels: { app: name } },
      ...strategy(kind),
      revisionHistoryLimit: 10,
      template: { metadata: { labels: own }, spec: podSpec(spec) },
    },
  }
}

function strategy(kind: WorkloadKind): Record<string, unknown> {
  if (kind !== 'Deployment') return { updateStrategy: { type: 'RollingUpdate' } }
  const rollingUpdate = { maxSurge: '25%', maxUnavailable: '25%' }
  return { progressDeadlineSeconds: 600, strategy: { type: 'RollingUpdate', rollingUpdate } }
}

function podSpec({
  name,
  image,
  memoryLimit = '256Mi',
  cpuLimit,
  env,
  args,
  prefers,
}: WorkloadSpec): Record<string, unknown> {
  const limits = { memory: memoryLimit, ...(cpuLimit ? { cpu: cpuLimit } : {}) }
  const container = {
    name,
    image: image ?? `ghcr.io/example/${name}:1.4.2`,
    imagePullPolicy: 'IfNotPresent',
    ports: [{ containerPort: 8080, protocol: 'TCP' }],
    ...(env ? { env } : {}),
    ...(args ? { args } : {}),
    resources: { limits, requests: { ...limits } },
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
  }
  return {
    containers: [container],
    ...(prefers ? { affinity: preferring(prefers) } : {}),
    dnsPolicy: 'ClusterFirst',
    restartPolicy: 'Always',
    schedulerName: 'default-scheduler',
    securityContext: {},
    terminationGracePeriodSeconds: 30,
  }
}
