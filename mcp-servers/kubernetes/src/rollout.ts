import { oneLine } from '@watchkeeper/mcp-shared'
import type { Cluster } from './cluster.ts'
import { wellKnown } from './kinds.ts'
import type { KubeObject, Pod, Workload } from './objects.ts'
import { podRestarts, podView } from './pods.ts'
import { selectorText } from './workload.ts'

export type Rollout = {
  available: boolean
  desired: number
  ready: number
  updated: number
  unavailable: number
  generation: number | null
  observed_generation: number | null
  revision: string | null
  paused: boolean
  progressing: boolean
  reason: string | null
}

/** Where a workload's rollout stands, by its own status; the rules are those of `kubectl rollout status`. */
export function rolloutOf(workload: Workload): Rollout {
  const { metadata, spec = {}, status = {} } = workload
  const daemon = workload.kind === 'DaemonSet'
  const desired = daemon ? (status.desiredNumberScheduled ?? 0) : (spec.replicas ?? 1)
  const ready = (daemon ? status.numberReady : status.readyReplicas) ?? 0
  const usable = (daemon ? status.numberAvailable : (status.availableReplicas ?? status.readyReplicas)) ?? 0
  const updated = (daemon ? status.updatedNumberScheduled : status.updatedReplicas) ?? 0
  const current = daemon ? desired : (status.replicas ?? 0)
  const generation = metadata?.generation ?? null
  const observed = status.observedGeneration ?? null
  const seen = generation === null || (observed !== null && observed >= generation)
  const onDelete = spec.updateStrategy?.type === 'OnDelete'
  const complete = seen && current === desired && usable >= desired && (onDelete || updated >= desired)
  const failed = status.conditions?.find(({ type, status: is }) => type === 'Progressing' && is === 'False')
  return {
    available: complete,
    desired,
    ready,
    updated,
    unavailable: Math.max(0, desired - usable),
    generation,
    observed_generation: observed,
    revision: metadata?.annotations?.['deployment.kubernetes.io/revision'] ?? status.updateRevision ?? null,
    paused: spec.paused ?? false,
    progressing: !complete && !failed && spec.paused !== true,
    reason: complete ? null : whyNot(workload, { seen, desired, updated, usable, current }),
  }
}

type Counts = { seen: boolean; desired: number; updated: number; usable: number; current: number }

function whyNot({ spec, status }: Workload, { seen, desired, updated, usable, current }: Counts): string {
  const bad = status?.conditions?.find(
    ({ type, status: is }) =>
      (type === 'Progressing' && is === 'False') || (type === 'ReplicaFailure' && is === 'True'),
  )
  if (bad) return oneLine(`${bad.reason ?? bad.type}: ${bad.message ?? ''}`, 300)
  if (spec?.paused) return 'the rollout is paused'
  if (!seen) return 'the controller has not seen the newest specification yet'
  if (updated < desired) return `${updated} of ${desired} pods are of the newest revision`
  if (current > desired) return `${current - desired} old pods are still ending`
  return `${usable} of ${desired} pods are available`
}

/** The pods of the newest revision, by the hash their controller labels them with; all pods where there is no such label. */
export async function currentPods(
  cluster: Cluster,
  workload: Workload,
  pods: readonly Pod[],
  signal: AbortSignal,
): Promise<Pod[]> {
  const label = workload.kind === 'Deployment' ? 'pod-template-hash' : 'controller-revision-hash'
  const hash =
    workload.kind === 'Deployment' ? await currentHash(cluster, workload, signal) : revisionHash(workload, pods)
  const current = hash === undefined ? [] : pods.filter(({ metadata }) => metadata?.labels?.[label] === hash)
  return hash === undefined ? [...pods] : current
}

async function currentHash(
  cluster: Cluster,
  { metadata, spec }: Workload,
  signal: AbortSignal,
): Promise<string | undefined> {
  const labels = selectorText(spec?.selector)
  if (!labels || !metadata?.namespace) return undefined
  const query = { kind: wellKnown('ReplicaSet'), namespace: metadata.namespace, labels, limit: 100 }
  const { items } = await cluster.objects<KubeObject>(query, signal)
  const revision = metadata.annotations?.[REVISION]
  const own = items.filter(({ metadata: set }) => set?.ownerReferences?.some(({ uid }) => uid === metadata.uid))
  const newest = own.toSorted((a, b) => revisionOf(b) - revisionOf(a))
  const found =
    own.find(({ metadata: set }) => revision !== undefined && set?.annotations?.[REVISION] === revision) ?? newest[0]
  return found?.metadata?.labels?.['pod-template-hash']
}

const REVISION = 'deployment.kubernetes.io/revision'

function revisionOf({ metadata }: KubeObject): number {
  return Number(metadata?.annotations?.[REVISION] ?? 0)
}

function revisionHash({ status }: Workload, pods: readonly Pod[]): string | undefined {
  if (status?.updateRevision) return status.updateRevision
  const newest = pods.toSorted((a, b) => startOf(b).localeCompare(startOf(a)))[0]
  return newest?.metadata?.labels?.['controller-revision-hash']
}

function startOf({ metadata, status }: Pod): string {
  return metadata?.creationTimestamp ?? status?.startTime ?? ''
}

export type PodFigures = {
  restarts: number
  restarts_since: number
  oldest_pod_age_seconds: number | null
  waiting_reasons: string[]
}

/** Restarts, ages and troubles over a workload's pods; `current` are those of its newest revision. */
export function podFigures(pods: readonly Pod[], current: readonly Pod[], now: number): PodFigures {
  const starts = pods.map((pod) => Date.parse(startOf(pod))).filter((at) => Number.isFinite(at))
  const reasons = pods.flatMap((pod) => podView(pod).reason ?? [])
  return {
    restarts: pods.reduce((sum, pod) => sum + podRestarts(pod), 0),
    restarts_since: current.reduce((sum, pod) => sum + podRestarts(pod), 0),
    oldest_pod_age_seconds: starts.length > 0 ? Math.max(0, Math.round((now - Math.min(...starts)) / 1000)) : null,
    waiting_reasons: [...new Set(reasons)].sort().slice(0, 20),
  }
}
