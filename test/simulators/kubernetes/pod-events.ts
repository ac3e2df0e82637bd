import type { RecordEvent } from './events.ts'
import type { Pod } from './objects.ts'
import type { Health } from './pods.ts'

/** Records the events that kubelet and scheduler would write when a pod gets into this state. */
export function announceHealth(record: RecordEvent, pod: Pod, health: Health): void {
  const [container] = pod.spec.containers
  if (!container) return
  const { name, namespace, uid } = pod.metadata
  const where = { about: pod, component: 'kubelet', fieldPath: `spec.containers{${container.name}}` }
  const normal = (reason: string, message: string) => record({ ...where, type: 'Normal', reason, message })
  const warning = (reason: string, message: string) => record({ ...where, type: 'Warning', reason, message })

  if (health === 'pending') {
    const message = `Successfully assigned ${namespace}/${name} to ${pod.spec.nodeName}`
    record({ about: pod, type: 'Normal', reason: 'Scheduled', message, component: 'default-scheduler' })
    return
  }
  if (health === 'image-pull') {
    normal('Pulling', `Pulling image "${container.image}"`)
    warning(
      'Failed',
      `Failed to pull image "${container.image}": rpc error: code = NotFound desc = ${container.image}: not found`,
    )
    warning('Failed', 'Error: ErrImagePull')
    normal('BackOff', `Back-off pulling image "${container.image}"`)
    warning('Failed', 'Error: ImagePullBackOff')
    return
  }
  normal('Pulled', `Container image "${container.image}" already present on machine`)
  normal('Created', `Created container: ${container.name}`)
  normal('Started', `Started container ${container.name}`)
  if (health === 'rollout-stuck') warning('Unhealthy', 'Readiness probe failed: HTTP probe failed with statuscode: 503')
  if (health === 'oom') {
    const message = `Memory cgroup out of memory: Killed process in container ${container.name} of pod ${name}`
    record({ about: pod, type: 'Warning', reason: 'OOMKilling', message, component: 'kernel-monitor' })
  }
  if (health === 'oom' || health === 'crash-loop' || health === 'crash-loop-stubborn') {
    warning('BackOff', `Back-off restarting failed container ${container.name} in pod ${name}_${namespace}(${uid})`)
  }
}
