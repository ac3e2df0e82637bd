import type { Workload } from './objects.ts'

/** What a person should know before the pods of a workload are replaced. */
export function replacementWarnings({ kind, spec }: Workload): string[] {
  const warnings: string[] = []
  if (spec?.strategy?.type === 'Recreate')
    warnings.push('Its strategy is Recreate: all pods stop before the new ones start.')
  else if (kind !== 'DaemonSet' && (spec?.replicas ?? 1) === 1 && kind === 'StatefulSet')
    warnings.push('It has one replica: the service is interrupted while its pod is replaced.')
  if (spec?.updateStrategy?.type === 'OnDelete')
    warnings.push('Its update strategy is OnDelete: pods change only when someone deletes them.')
  if (spec?.replicas === 0 && kind !== 'DaemonSet') warnings.push('It is scaled to 0: there are no pods to replace.')
  if (spec?.paused) warnings.push('Its rollout is paused: nothing happens until it is resumed.')
  return warnings
}
