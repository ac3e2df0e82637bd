import { createHash } from 'node:crypto'
import type { Fault } from './faults.ts'
import type {
  Condition,
  Container,
  ContainerState,
  ContainerStatus,
  Draft,
  KubeObject,
  Labels,
  OwnerReference,
  Pod,
  PodSpec,
  PodStatus,
  PodTemplate,
} from './objects.ts'
import { timestamp } from './objects.ts'

/** How a pod fares: coming up, well, or suffering from a fault. */
export type Health = 'pending' | 'ready' | Fault

export interface NewPod {
  name: string
  namespace: string
  node: { name: string; ip: string }
  template: PodTemplate
  labels: Labels
  owner: OwnerReference
  at: number
}

/** A pod as the scheduler leaves it: on a node, its containers being created. */
export function draftPod({ name, namespace, node, template, labels, owner, at }: NewPod): Draft {
  const annotations = template.metadata?.annotations
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace,
      creationTimestamp: timestamp(at),
      labels: { ...template.metadata?.labels, ...labels },
      ...(annotations ? { annotations } : {}),
      ownerReferences: [owner],
    },
    spec: { ...template.spec, nodeName: node.name },
    status: pendingStatus(template.spec.containers, node.ip, at),
  }
}

/** A pod that somebody made by hand: on the node it names, or the first, and well from the start. */
export function podDefaults(pod: KubeObject, at: number): Pod {
  const spec = pod.spec as PodSpec
  const nodeName = spec.nodeName ?? 'talos-worker-1'
  const status = pendingStatus(spec.containers ?? [], '10.5.0.21', at)
  return podWithHealth({ ...pod, spec: { ...spec, nodeName }, status }, 'ready', 0, at)
}

function pendingStatus(containers: Container[], hostIP: string, at: number): PodStatus {
  return {
    phase: 'Pending',
    conditions: conditions(false, at, containers),
    hostIP,
    startTime: timestamp(at),
    qosClass: containers.every((container) => container.resources?.limits) ? 'Burstable' : 'BestEffort',
    containerStatuses: containers.map((container) => ({
      name: container.name,
      image: container.image,
      imageID: '',
      ready: false,
      started: false,
      restartCount: 0,
      state: { waiting: { reason: 'ContainerCreating' } },
      lastState: {},
    })),
  }
}

/** The pod's next state. `restarts` is how often its first container has been started again so far. */
export function podWithHealth(pod: Pod, health: Health, restarts: number, at: number): Pod {
  if (health === 'pending') return pod
  const ready = health === 'ready'
  const [first, ...others] = pod.status.containerStatuses
  if (!first) return pod
  const podIP = pod.status.podIP ?? addressOf(pod.metadata.uid)
  const statuses = [
    containerStatus(pod, first, health, restarts, at),
    ...others.map((status) => containerStatus(pod, status, 'ready', status.restartCount, at)),
  ]
  const broken = ready ? [] : pod.spec.containers.slice(0, 1)
  return {
    ...pod,
    status: {
      ...pod.status,
      phase: health === 'image-pull' ? 'Pending' : 'Running',
      conditions: conditions(ready, at, broken, pod.status.conditions),
      podIP,
      podIPs: [{ ip: podIP }],
      containerStatuses: statuses,
    },
  }
}

function containerStatus(
  pod: Pod,
  before: ContainerStatus,
  health: Health,
  restarts: number,
  at: number,
): ContainerStatus {
  const [state, lastState] = states(pod, before, health, restarts, at)
  const imageID = health === 'image-pull' ? '' : `${before.image.split(':')[0]}@sha256:${digest(before.image)}`
  const status: ContainerStatus = {
    ...before,
    imageID,
    ready: health === 'ready',
    started: state.running !== undefined,
    restartCount: restarts,
    state,
    lastState,
  }
  return health === 'image-pull' ? status : { ...status, containerID: containerId(pod, before.name, restarts) }
}

function states(
  pod: Pod,
  before: ContainerStatus,
  health: Health,
  restarts: number,
  at: number,
): [ContainerState, ContainerState] {
  const { name, image } = before
  if (health === 'ready' || health === 'rollout-stuck') {
    const since = before.state.running?.startedAt ?? timestamp(at)
    return [{ running: { startedAt: since } }, before.lastState]
  }
  if (health === 'image-pull') {
    return [{ waiting: { reason: 'ImagePullBackOff', message: `Back-off pulling image "${image}"` } }, {}]
  }
  const { namespace, name: podName, uid } = pod.metadata
  const delay = BACK_OFF[Math.min(restarts, BACK_OFF.length - 1)]
  const message = `back-off ${delay} restarting failed container=${name} pod=${podName}_${namespace}(${uid})`
  const killed = health === 'oom'
  const terminated = {
    exitCode: killed ? 137 : 1,
    reason: killed ? 'OOMKilled' : 'Error',
    startedAt: timestamp(at - 4_000),
    finishedAt: timestamp(at),
    containerID: containerId(pod, name, restarts),
  }
  return [{ waiting: { reason: 'CrashLoopBackOff', message } }, { terminated }]
}

const BACK_OFF = ['10s', '10s', '20s', '40s', '1m20s', '2m40s', '5m0s']

function conditions(ready: boolean, at: number, unready: Container[], before: Condition[] = []): Condition[] {
  const names = unready.map((container) => container.name).join(' ')
  const why = ready ? {} : { reason: 'ContainersNotReady', message: `containers with unready status: [${names}]` }
  const now = timestamp(at)
  const all: Condition[] = [
    { type: 'PodReadyToStartContainers', status: 'True' },
    { type: 'Initialized', status: 'True' },
    { type: 'Ready', status: ready ? 'True' : 'False', ...why },
    { type: 'ContainersReady', status: ready ? 'True' : 'False', ...why },
    { type: 'PodScheduled', status: 'True' },
  ]
  return all.map((condition) => {
    const known = before.find((other) => other.type === condition.type && other.status === condition.status)
    return { ...condition, lastProbeTime: null, lastTransitionTime: known?.lastTransitionTime ?? now }
  })
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function containerId(pod: Pod, container: string, restarts: number): string {
  return `containerd://${digest(`${pod.metadata.uid} ${container} ${restarts}`)}`
}

function addressOf(uid: string): string {
  const bytes = createHash('sha1').update(uid).digest()
  return `10.244.${(bytes[0] ?? 0) % 3}.${1 + ((bytes[1] ?? 0) % 254)}`
}
