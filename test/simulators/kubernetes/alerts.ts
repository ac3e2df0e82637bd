import { isReady, type Pod, type Workload } from './objects.ts'

/** An alert as the rules of kube-prometheus would raise it, with the labels that kube-state-metrics gives. */
export interface FiringAlert {
  alertname: string
  namespace: string
  severity: 'warning' | 'critical'
  summary: string
  description: string
  pod?: string
  container?: string
  uid?: string
  reason?: string
  deployment?: string
  statefulset?: string
  daemonset?: string
}

/**
 * What is firing for a workload with these pods: nothing for pods that are coming up or well.
 *
 * A container killed for memory raises KubeContainerOOMKilled only: its crash-loop alert counts as inhibited by that.
 */
export function alertsOf(workload: Workload, pods: Pod[], cluster: string): FiringAlert[] {
  const alerts = pods.flatMap((pod) => podAlerts(pod, cluster))
  return isStuck(workload, pods) ? [...alerts, stuckAlert(workload, cluster)] : alerts
}

function podAlerts(pod: Pod, cluster: string): FiringAlert[] {
  const { namespace = '', name, uid } = pod.metadata
  return pod.status.containerStatuses.flatMap((status): FiringAlert[] => {
    const waiting = status.state.waiting?.reason
    const labels = { namespace, pod: name, container: status.name, uid, severity: 'warning' as const }
    if (waiting === 'CrashLoopBackOff' && status.lastState.terminated?.reason === 'OOMKilled') {
      const description = `Container ${status.name} in pod ${namespace}/${name} was killed for memory ${status.restartCount} times on cluster ${cluster}.`
      const summary = 'Container was killed because it ran out of memory.'
      return [{ alertname: 'KubeContainerOOMKilled', ...labels, reason: 'OOMKilled', summary, description }]
    }
    if (waiting === 'CrashLoopBackOff') {
      const description = `Pod ${namespace}/${name} (${status.name}) is in waiting state (reason: "CrashLoopBackOff") on cluster ${cluster}.`
      return [
        { alertname: 'KubePodCrashLooping', ...labels, reason: waiting, summary: 'Pod is crash looping.', description },
      ]
    }
    if (waiting === 'ImagePullBackOff' || waiting === 'ErrImagePull') {
      const description = `Pod ${namespace}/${name} has been in a non-ready state for longer than 15 minutes on cluster ${cluster}.`
      const summary = 'Pod has been in a non-ready state for more than 15 minutes.'
      return [{ alertname: 'KubePodNotReady', ...labels, reason: waiting, summary, description }]
    }
    return []
  })
}

/** A new revision runs and does not become ready, without a container that fails. */
function isStuck(workload: Workload, pods: Pod[]): boolean {
  const progressing = workload.status?.conditions?.find((condition) => condition.type === 'Progressing')
  if (progressing) return progressing.reason === 'ProgressDeadlineExceeded'
  return pods.some((pod) => !isReady(pod) && pod.status.containerStatuses.every((status) => status.state.running))
}

function stuckAlert(workload: Workload, cluster: string): FiringAlert {
  const { namespace = '', name } = workload.metadata
  const told = `${workload.kind} ${namespace}/${name}`
  const description = `Rollout of ${told.toLowerCase()} is not progressing for longer than 15 minutes on cluster ${cluster}.`
  const rest = {
    namespace,
    severity: 'warning' as const,
    description,
    summary: `${workload.kind} rollout is not progressing.`,
  }
  if (workload.kind === 'Deployment') return { alertname: 'KubeDeploymentRolloutStuck', deployment: name, ...rest }
  if (workload.kind === 'StatefulSet')
    return { alertname: 'KubeStatefulSetUpdateNotRolledOut', statefulset: name, ...rest }
  return { alertname: 'KubeDaemonSetRolloutStuck', daemonset: name, ...rest }
}
