import { oneLine } from '@watchkeeper/mcp-shared'
import { z } from 'zod'
import type { Container, ContainerStatus, Pod, Resources } from './objects.ts'
import { memoryBytes, milliCores } from './quantity.ts'

const Amounts = z.object({
  memory: z.number().nullable().describe('bytes'),
  cpu: z.number().nullable().describe('millicores'),
})

export const ContainerView = z.object({
  name: z.string(),
  image: z.string(),
  ready: z.boolean(),
  restarts: z.number(),
  state: z.enum(['running', 'waiting', 'terminated']).nullable(),
  state_reason: z.string().nullable(),
  last_reason: z.string().nullable().describe('why it last ended: OOMKilled, Error …'),
  last_exit_code: z.number().nullable(),
  last_finished_at: z.string().nullable(),
  limits: Amounts,
  requests: Amounts,
})
export type ContainerView = z.infer<typeof ContainerView>

/** The containers of one pod with what became of them. Init containers come only when they fail or still run. */
export function podContainers({ spec, status }: Pod): ContainerView[] {
  const states = new Map((status?.containerStatuses ?? []).map((state) => [state.name, state]))
  const main = (spec?.containers ?? []).map((container) => view(container, states.get(container.name)))
  const inits = (status?.initContainerStatuses ?? []).filter(({ state }) => state?.terminated?.exitCode !== 0)
  const early = inits.map((state) => {
    const container = spec?.initContainers?.find(({ name }) => name === state.name) ?? { name: state.name ?? '' }
    return view(container, state)
  })
  return [...main, ...(main.every(({ ready }) => ready) ? [] : early)]
}

/** The containers of a workload's template; restarts are summed over its pods, and the last end is the latest of any pod. */
export function workloadContainers(template: readonly Container[], pods: readonly Pod[]): ContainerView[] {
  return template.map((container) => {
    const states = pods.flatMap(
      ({ status }) => status?.containerStatuses?.filter(({ name }) => name === container.name) ?? [],
    )
    const newest = states.toSorted((a, b) => lastEnd(b).localeCompare(lastEnd(a)))[0]
    const unready = states.find(({ ready }) => !ready)
    return {
      ...view(container, newest),
      ready: states.length > 0 && !unready,
      restarts: states.reduce((sum, { restartCount = 0 }) => sum + restartCount, 0),
      ...stateOf(unready ?? newest),
    }
  })
}

/** The memory limit, in bytes, of the container that was last OOM-killed, or else of the first; null without one. */
export function memoryLimit(containers: readonly ContainerView[]): number | null {
  const killed = containers
    .filter(({ last_reason }) => last_reason === 'OOMKilled')
    .toSorted((a, b) => (b.last_finished_at ?? '').localeCompare(a.last_finished_at ?? ''))
  return (killed[0] ?? containers[0])?.limits.memory ?? null
}

function view(container: Container, status: ContainerStatus | undefined): ContainerView {
  const ended = status?.state?.terminated ?? status?.lastState?.terminated
  return {
    name: container.name ?? '',
    image: container.image ?? '',
    ready: status?.ready ?? false,
    restarts: status?.restartCount ?? 0,
    ...stateOf(status),
    last_reason: ended?.reason ?? null,
    last_exit_code: ended?.exitCode ?? null,
    last_finished_at: ended?.finishedAt ?? null,
    limits: amounts(container.resources, 'limits'),
    requests: amounts(container.resources, 'requests'),
  }
}

function stateOf(status: ContainerStatus | undefined): Pick<ContainerView, 'state' | 'state_reason'> {
  const { waiting, terminated, running } = status?.state ?? {}
  if (waiting) return { state: 'waiting', state_reason: waiting.reason ? oneLine(waiting.reason, 200) : null }
  if (terminated) return { state: 'terminated', state_reason: terminated.reason ?? null }
  return { state: running ? 'running' : null, state_reason: null }
}

function lastEnd(status: ContainerStatus): string {
  return status.state?.terminated?.finishedAt ?? status.lastState?.terminated?.finishedAt ?? ''
}

function amounts(resources: Resources | undefined, which: 'limits' | 'requests') {
  const { memory, cpu } = resources?.[which] ?? {}
  return { memory: memoryBytes(memory), cpu: milliCores(cpu) }
}
