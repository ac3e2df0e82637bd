import { ApiError, badRequest } from './api-error.ts'
import { type ContainerStatus, type Pod, timestamp } from './objects.ts'
import type { Health } from './pods.ts'
import type { WorkloadLogs } from './workloads.ts'

export interface LogQuery {
  container?: string
  previous: boolean
  tailLines?: number
  sinceSeconds?: number
  limitBytes?: number
  timestamps: boolean
}

/** Reads the query of `GET …/pods/NAME/log`. Throws 422 on numbers that are none. */
export function logQuery(query: URLSearchParams): LogQuery {
  const container = query.get('container')
  const number = (name: string): number | undefined => {
    const text = query.get(name)
    if (text === null) return undefined
    if (!/^\d+$/.test(text))
      throw new ApiError(422, 'Invalid', `PodLogOptions is invalid: ${name}: Invalid value: "${text}"`)
    return Number(text)
  }
  const numbers = {
    tailLines: number('tailLines'),
    sinceSeconds: number('sinceSeconds'),
    limitBytes: number('limitBytes'),
  }
  const given = Object.fromEntries(Object.entries(numbers).filter(([, value]) => value !== undefined))
  const flag = (name: string) => ['true', '1'].includes(query.get(name) ?? '')
  return { ...(container ? { container } : {}), previous: flag('previous'), timestamps: flag('timestamps'), ...given }
}

/** The text of a container's log, or the refusal a kubelet would give. */
export function podLog(pod: Pod, health: Health, logs: WorkloadLogs, query: LogQuery, now: number): string {
  const status = chooseContainer(pod, query.container)
  const told = `container "${status.name}" in pod "${pod.metadata.name}"`
  if (query.previous && !status.lastState.terminated) throw badRequest(`previous terminated ${told} not found`)
  const waiting = status.state.waiting
  if (!status.lastState.terminated && waiting) {
    const why = waiting.reason === 'ImagePullBackOff' ? 'trying and failing to pull image' : waiting.reason
    throw badRequest(`${told} is waiting to start: ${why}`)
  }
  const failed = query.previous || status.state.running === undefined
  const end = failed ? Date.parse(status.lastState.terminated?.finishedAt ?? timestamp(now)) : now
  const custom = query.previous ? (logs.previous ?? logs.current) : logs.current
  let lines = stamp(custom ?? linesOf(status, failed, health), end)
  if (query.sinceSeconds !== undefined) {
    const from = now - query.sinceSeconds * 1000
    lines = lines.filter(({ at }) => at >= from)
  }
  if (query.tailLines !== undefined) lines = query.tailLines === 0 ? [] : lines.slice(-query.tailLines)
  const text = lines
    .map(({ at, line }) => `${query.timestamps ? `${new Date(at).toISOString()} ` : ''}${line}\n`)
    .join('')
  return query.limitBytes === undefined ? text : Buffer.from(text).subarray(0, query.limitBytes).toString()
}

function chooseContainer(pod: Pod, name: string | undefined): ContainerStatus {
  const all = pod.status.containerStatuses
  const chosen = name === undefined ? all[0] : all.find((status) => status.name === name)
  if (!chosen) throw badRequest(`container ${name} is not valid for pod ${pod.metadata.name}`)
  if (name === undefined && all.length > 1) {
    const names = all.map((status) => status.name).join(' ')
    throw badRequest(`a container name must be specified for pod ${pod.metadata.name}, choose one of: [${names}]`)
  }
  return chosen
}

/** One line a second, the last of them at the end. */
function stamp(lines: string[], end: number): { at: number; line: string }[] {
  return lines.map((line, index) => ({ line, at: end - (lines.length - 1 - index) * 1000 }))
}

function linesOf(status: ContainerStatus, failed: boolean, health: Health): string[] {
  const { name } = status
  const starting = [
    `level=info msg="starting ${name}" image=${status.image}`,
    'level=info msg="listening" address=:8080',
  ]
  if (!failed && health === 'rollout-stuck') {
    return [...starting, 'level=warn msg="not ready" check=database error="schema version 41, want 42"']
  }
  if (!failed)
    return [...starting, ...[1, 2, 3, 4, 5].map((n) => `level=info msg="handled" path=/items/${n} status=200`)]
  if (status.lastState.terminated?.reason === 'OOMKilled') {
    return [...starting, 'level=info msg="loading catalogue"', 'level=warn msg="heap is nearly full" used=98%']
  }
  return [
    ...starting,
    `level=error msg="connection pool is exhausted" component=${name}`,
    `panic: ${name}: no free connection after 30s`,
    'goroutine 1 [running]:',
    'main.main()',
  ]
}
