import { oneLine } from '@watchkeeper/mcp-shared'
import { z } from 'zod'
import type { Cluster } from './cluster.ts'
import { wellKnown } from './kinds.ts'
import type { Pod, Workload } from './objects.ts'
import { selectorText } from './workload.ts'

export const PodView = z.object({
  name: z.string(),
  ready: z.boolean(),
  restarts: z.number(),
  phase: z.string(),
  reason: z.string().nullable(),
})
export type PodView = z.infer<typeof PodView>

/** More pods than this are not looked at: the answer says that it is truncated. */
export const POD_LIMIT = 500

/** A pod in one line; `phase` is what `kubectl get` calls STATUS only where no container says more (`reason`). */
export function podView(pod: Pod): PodView {
  return {
    name: pod.metadata?.name ?? '',
    ready: isReady(pod),
    restarts: podRestarts(pod),
    phase: pod.metadata?.deletionTimestamp ? 'Terminating' : (pod.status?.phase ?? 'Unknown'),
    reason: reasonOf(pod),
  }
}

function reasonOf(pod: Pod): string | null {
  const reason = trouble(pod)
  return reason === null ? null : oneLine(reason, 200)
}

export function isReady(pod: Pod): boolean {
  return (pod.status?.conditions ?? []).some(({ type, status }) => type === 'Ready' && status === 'True')
}

export function podRestarts({ status }: Pod): number {
  return (status?.containerStatuses ?? []).reduce((sum, { restartCount = 0 }) => sum + restartCount, 0)
}

/** Why a pod is not well, in the platform's word: CrashLoopBackOff, ImagePullBackOff, Unschedulable, OOMKilled; null when nothing says. */
export function trouble({ status }: Pod): string | null {
  const states = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])]
  for (const { state } of states) {
    if (state?.waiting?.reason && state.waiting.reason !== 'PodInitializing') return state.waiting.reason
    if (state?.terminated?.reason && state.terminated.reason !== 'Completed') return state.terminated.reason
  }
  if (status?.reason) return status.reason
  const unscheduled = status?.conditions?.find(({ type, status: is }) => type === 'PodScheduled' && is === 'False')
  return unscheduled?.reason ?? null
}

/** The pods a workload's selector matches, oldest name first; none when it has no selector. */
export async function podsOf(
  cluster: Cluster,
  workload: Workload,
  signal: AbortSignal,
): Promise<{ pods: Pod[]; truncated: boolean }> {
  const labels = selectorText(workload.spec?.selector)
  const namespace = workload.metadata?.namespace
  if (!labels || !namespace) return { pods: [], truncated: false }
  const found = await cluster.objects<Pod>({ kind: wellKnown('Pod'), namespace, labels, limit: POD_LIMIT }, signal)
  const pods = found.items.toSorted((a, b) => (a.metadata?.name ?? '').localeCompare(b.metadata?.name ?? ''))
  return { pods, truncated: found.next !== null }
}
