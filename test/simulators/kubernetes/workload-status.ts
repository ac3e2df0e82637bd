import type { Condition, KubeObject, Pod, Workload } from './objects.ts'
import { isReady, timestamp } from './objects.ts'

export interface Standing {
  workload: Workload
  /** All pods of the workload. */
  pods: Pod[]
  /** Those made from its present template. */
  current: Pod[]
  /** The present template's hash. */
  hash: string
  /** The ReplicaSet of the present template, for a Deployment. */
  replicaSet?: string
  /** Set when the new revision will not become ready by itself. */
  stuck: boolean
  at: number
}

/** The status a controller would write for a workload that has these pods. Conditions keep their transition times. */
export function workloadStatus(standing: Standing): Record<string, unknown> {
  const { workload } = standing
  if (workload.kind === 'Deployment') return deploymentStatus(standing)
  if (workload.kind === 'StatefulSet') return statefulSetStatus(standing)
  return daemonSetStatus(standing)
}

function deploymentStatus(standing: Standing): Record<string, unknown> {
  const { workload, pods, current, at } = standing
  const wanted = workload.spec.replicas ?? 1
  const ready = pods.filter(isReady).length
  return {
    observedGeneration: workload.metadata.generation,
    replicas: pods.length,
    updatedReplicas: current.length,
    ...(ready > 0 ? { readyReplicas: ready, availableReplicas: ready } : {}),
    ...(wanted > ready ? { unavailableReplicas: Math.max(wanted, pods.length) - ready } : {}),
    conditions: [available(ready >= wanted), progressing(standing, wanted)].map((condition) =>
      settled(condition, workload.status?.conditions ?? [], at),
    ),
  }
}

function available(enough: boolean): Condition {
  return enough
    ? {
        type: 'Available',
        status: 'True',
        reason: 'MinimumReplicasAvailable',
        message: 'Deployment has minimum availability.',
      }
    : {
        type: 'Available',
        status: 'False',
        reason: 'MinimumReplicasUnavailable',
        message: 'Deployment does not have minimum availability.',
      }
}

function progressing({ pods, current, replicaSet = '', stuck, workload }: Standing, wanted: number): Condition {
  const told = `ReplicaSet "${replicaSet}"`
  if (stuck) {
    const message = `${told} has timed out progressing.`
    return { type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', message }
  }
  const done = current.length === wanted && pods.length === current.length && current.every(isReady)
  // A rollout that was complete stays so when its pods fail later: the deadline counts progress, not health.
  const was = workload.status?.conditions?.find((condition) => condition.type === 'Progressing')
  const complete =
    done || (was?.reason === 'NewReplicaSetAvailable' && was.message === `${told} has successfully progressed.`)
  return complete
    ? {
        type: 'Progressing',
        status: 'True',
        reason: 'NewReplicaSetAvailable',
        message: `${told} has successfully progressed.`,
      }
    : { type: 'Progressing', status: 'True', reason: 'ReplicaSetUpdated', message: `${told} is progressing.` }
}

function settled(condition: Condition, before: Condition[], at: number): Condition {
  const known = before.find((other) => other.type === condition.type)
  const now = timestamp(at)
  const same = known?.status === condition.status && known.reason === condition.reason
  return {
    ...condition,
    lastUpdateTime: same ? known.lastUpdateTime : now,
    lastTransitionTime: known?.status === condition.status ? (known.lastTransitionTime ?? now) : now,
  }
}

function statefulSetStatus({ workload, pods, current, hash }: Standing): Record<string, unknown> {
  const wanted = workload.spec.replicas ?? 1
  const ready = pods.filter(isReady).length
  const before = workload.status?.currentRevision
  const complete = current.length === wanted && current.every(isReady)
  const revision = `${workload.metadata.name}-${hash}`
  return {
    observedGeneration: workload.metadata.generation,
    replicas: pods.length,
    readyReplicas: ready,
    availableReplicas: ready,
    currentReplicas: complete ? current.length : pods.length - current.length,
    updatedReplicas: current.length,
    currentRevision: complete || before === undefined ? revision : before,
    updateRevision: revision,
    collisionCount: 0,
  }
}

function daemonSetStatus({ workload, pods, current }: Standing): Record<string, unknown> {
  const ready = pods.filter(isReady).length
  return {
    observedGeneration: workload.metadata.generation,
    currentNumberScheduled: pods.length,
    desiredNumberScheduled: pods.length,
    numberMisscheduled: 0,
    numberReady: ready,
    numberAvailable: ready,
    ...(pods.length > ready ? { numberUnavailable: pods.length - ready } : {}),
    updatedNumberScheduled: current.length,
  }
}

/** The status of a ReplicaSet that owns these pods. */
export function replicaSetStatus(replicaSet: KubeObject, pods: Pod[]): Record<string, unknown> {
  const ready = pods.filter(isReady).length
  const counted = { observedGeneration: replicaSet.metadata.generation, replicas: pods.length }
  return {
    ...counted,
    ...(pods.length > 0 ? { fullyLabeledReplicas: pods.length } : {}),
    ...(ready > 0 ? { readyReplicas: ready, availableReplicas: ready } : {}),
  }
}
