/** The parts of Kubernetes objects that the simulated controllers read; everything else passes through untouched. */
export type Labels = Record<string, string>

export interface OwnerReference {
  apiVersion: string
  kind: string
  name: string
  uid: string
  controller?: boolean
  blockOwnerDeletion?: boolean
}

export interface Metadata {
  name: string
  namespace?: string
  generateName?: string
  uid: string
  resourceVersion: string
  /** Rises when the spec changes; status updates leave it alone. Absent for kinds that do not count. */
  generation?: number
  creationTimestamp: string
  deletionTimestamp?: string
  labels?: Labels
  annotations?: Labels
  ownerReferences?: OwnerReference[]
  managedFields?: Record<string, unknown>[]
}

/** An object as stored. Stored objects are never changed in place: an update is a new object. */
export interface KubeObject {
  apiVersion: string
  kind: string
  metadata: Metadata
  [field: string]: unknown
}

/** An object before the store has given it uid, resourceVersion and creation time. */
export interface Draft {
  apiVersion: string
  kind: string
  metadata: Partial<Metadata> & { name: string }
  [field: string]: unknown
}

export interface Container {
  name: string
  image: string
  env?: { name: string; value?: string; valueFrom?: unknown }[]
  resources?: { limits?: Labels; requests?: Labels }
  [field: string]: unknown
}

export interface PodSpec {
  containers: Container[]
  nodeName?: string
  [field: string]: unknown
}

export interface PodTemplate {
  metadata?: { labels?: Labels; annotations?: Labels; [field: string]: unknown }
  spec: PodSpec
  [field: string]: unknown
}

export interface Condition {
  type: string
  status: 'True' | 'False' | 'Unknown'
  reason?: string
  message?: string
  lastTransitionTime?: string | null
  [field: string]: unknown
}

export type WorkloadKind = 'Deployment' | 'StatefulSet' | 'DaemonSet'

export interface Workload extends KubeObject {
  spec: { replicas?: number; selector: { matchLabels?: Labels }; template: PodTemplate; [field: string]: unknown }
  status?: { observedGeneration?: number; conditions?: Condition[]; [field: string]: unknown }
}

export interface Terminated {
  exitCode: number
  reason: string
  startedAt: string
  finishedAt: string
  containerID: string
}

export interface ContainerState {
  waiting?: { reason: string; message?: string }
  running?: { startedAt: string }
  terminated?: Terminated
}

export interface ContainerStatus {
  name: string
  image: string
  imageID: string
  containerID?: string
  ready: boolean
  started: boolean
  restartCount: number
  state: ContainerState
  lastState: ContainerState
}

export interface PodStatus {
  phase: 'Pending' | 'Running' | 'Succeeded' | 'Failed'
  conditions: Condition[]
  containerStatuses: ContainerStatus[]
  hostIP: string
  podIP?: string
  podIPs?: { ip: string }[]
  startTime: string
  qosClass: string
}

export interface Pod extends KubeObject {
  spec: PodSpec
  status: PodStatus
}

/** RFC 3339 without fractions, as Kubernetes writes times. */
export function timestamp(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function isReady(pod: Pod): boolean {
  return pod.status.conditions.some((condition) => condition.type === 'Ready' && condition.status === 'True')
}
