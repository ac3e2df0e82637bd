import { contentHash } from './names.ts'
import type { Workload } from './objects.ts'
import { parseQuantity } from './quantity.ts'

/**
 * What can be wrong with a workload, and what mends it:
 * - `crash-loop`: the container exits with 1; mended by a restart (the restartedAt annotation of the template changes)
 * - `crash-loop-stubborn`: the same, and a restart does not help
 * - `oom`: killed for memory; mended when the memory limit reaches `needs`
 * - `image-pull`: the image is gone from its registry; mended by another image
 * - `rollout-stuck`: a new revision never becomes ready; mended by going back or by changing the pod spec
 */
export type Fault = 'crash-loop' | 'crash-loop-stubborn' | 'oom' | 'image-pull' | 'rollout-stuck'

export const FAULTS: readonly Fault[] = ['crash-loop', 'crash-loop-stubborn', 'oom', 'image-pull', 'rollout-stuck']

export const RESTARTED_AT = 'kubectl.kubernetes.io/restartedAt'

export interface ActiveFault {
  kind: Fault
  /** Whether pods made from the workload's present template suffer from it. */
  holds(workload: Workload): boolean
}

/** Sets a fault on a workload as it stands now. `needs` is the memory an `oom` workload wants, twice its limit by default. */
export function faultOn(workload: Workload, kind: Fault, needs?: string | number): ActiveFault {
  return { kind, holds: holding(workload, kind, needs) }
}

function holding(workload: Workload, kind: Fault, needs?: string | number): (workload: Workload) => boolean {
  if (kind === 'crash-loop') {
    const restarted = restartedAt(workload)
    return (now) => restartedAt(now) === restarted
  }
  if (kind === 'oom') {
    const wanted = needs === undefined ? memoryLimit(workload) * 2 : parseQuantity(needs)
    if (wanted === undefined || !Number.isFinite(wanted)) {
      throw new Error(
        `'${needs}' is no memory quantity, and the workload has no limit to double: give needs like "256Mi"`,
      )
    }
    return (now) => memoryLimit(now) < wanted
  }
  if (kind === 'image-pull') {
    const image = imageOf(workload)
    return (now) => imageOf(now) === image
  }
  if (kind === 'rollout-stuck') {
    const spec = contentHash(workload.spec.template.spec)
    return (now) => contentHash(now.spec.template.spec) === spec
  }
  return () => true
}

export function restartedAt(workload: Workload): string | undefined {
  return workload.spec.template.metadata?.annotations?.[RESTARTED_AT]
}

/** Bytes; no limit is infinite. */
function memoryLimit(workload: Workload): number {
  const limit = workload.spec.template.spec.containers[0]?.resources?.limits?.memory
  return limit === undefined ? Number.POSITIVE_INFINITY : (parseQuantity(limit) ?? 0)
}

function imageOf(workload: Workload): string {
  return workload.spec.template.spec.containers[0]?.image ?? ''
}
