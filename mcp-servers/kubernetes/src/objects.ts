/**
 * Kubernetes objects as far as the tools read them: everything optional, because an API server leaves out what is empty.
 * Source: the Kubernetes API reference, v1.31 and later.
 */
export type Meta = {
  name?: string
  namespace?: string
  uid?: string
  resourceVersion?: string
  generation?: number
  creationTimestamp?: string
  deletionTimestamp?: string
  labels?: Record<string, string>
  annotations?: Record<string, string>
  ownerReferences?: { apiVersion?: string; kind?: string; name?: string; uid?: string; controller?: boolean }[]
  finalizers?: string[]
  managedFields?: unknown
}

export type Condition = {
  type?: string
  status?: string
  reason?: string
  message?: string
  lastTransitionTime?: string
}

export type KubeObject = {
  apiVersion?: string
  kind?: string
  metadata?: Meta
  spec?: unknown
  status?: unknown
  [field: string]: unknown
}

export type Resources = { limits?: Record<string, string>; requests?: Record<string, string> }

export type Container = { name?: string; image?: string; resources?: Resources }

type Terminated = { exitCode?: number; reason?: string; message?: string; startedAt?: string; finishedAt?: string }

export type ContainerState = {
  waiting?: { reason?: string; message?: string }
  running?: { startedAt?: string }
  terminated?: Terminated
}

export type ContainerStatus = {
  name?: string
  ready?: boolean
  restartCount?: number
  state?: ContainerState
  lastState?: ContainerState
}

export type Pod = KubeObject & {
  spec?: {
    nodeName?: string
    containers?: Container[]
    initContainers?: Container[]
    volumes?: { emptyDir?: unknown }[]
  }
  status?: {
    phase?: string
    reason?: string
    message?: string
    startTime?: string
    conditions?: Condition[]
    containerStatuses?: ContainerStatus[]
    initContainerStatuses?: ContainerStatus[]
  }
}

export type Selector = { matchLabels?: Record<string, string>; matchExpressions?: SelectorTerm[] }
export type SelectorTerm = { key?: string; operator?: string; values?: string[] }

export type Workload = KubeObject & {
  spec?: {
    replicas?: number
    paused?: boolean
    selector?: Selector
    strategy?: { type?: string }
    updateStrategy?: { type?: string }
    template?: { metadata?: Meta; spec?: { containers?: Container[]; initContainers?: Container[] } }
  }
  status?: {
    observedGeneration?: number
    replicas?: number
    readyReplicas?: number
    updatedReplicas?: number
    availableReplicas?: number
    unavailableReplicas?: number
    currentRevision?: string
    updateRevision?: string
    desiredNumberScheduled?: number
    numberReady?: number
    numberAvailable?: number
    numberUnavailable?: number
    updatedNumberScheduled?: number
    conditions?: Condition[]
  }
}

export type Node = KubeObject & {
  spec?: { unschedulable?: boolean; taints?: { key?: string; value?: string; effect?: string }[] }
  status?: {
    conditions?: Condition[]
    nodeInfo?: { kubeletVersion?: string; osImage?: string; containerRuntimeVersion?: string }
    capacity?: Record<string, string>
    allocatable?: Record<string, string>
  }
}

export type Event = KubeObject & {
  type?: string
  reason?: string
  message?: string
  count?: number
  eventTime?: string | null
  firstTimestamp?: string | null
  lastTimestamp?: string | null
  series?: { count?: number; lastObservedTime?: string }
  involvedObject?: { kind?: string; namespace?: string; name?: string; uid?: string }
  source?: { component?: string }
  reportingComponent?: string
}

export type Autoscaler = KubeObject & {
  spec?: { scaleTargetRef?: { kind?: string; name?: string }; minReplicas?: number; maxReplicas?: number }
}

export type ReplicaSet = KubeObject & {
  spec?: { replicas?: number; template?: NonNullable<Workload['spec']>['template'] }
  status?: { replicas?: number; readyReplicas?: number }
}

export type CronJob = KubeObject & {
  spec?: {
    suspend?: boolean
    concurrencyPolicy?: string
    jobTemplate?: { metadata?: Meta; spec?: { ttlSecondsAfterFinished?: number; [field: string]: unknown } }
  }
  status?: { active?: { name?: string }[] }
}

/** Usage as the metrics API reports it: of a node, or of each container of a pod. */
export type Metrics = KubeObject & {
  usage?: Record<string, string>
  containers?: { name?: string; usage?: Record<string, string> }[]
  timestamp?: string
}
