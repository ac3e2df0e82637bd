import { ToolError } from '@watchkeeper/mcp-shared'
import type { Cluster, ObjectRef } from './cluster.ts'
import { wellKnown } from './kinds.ts'
import type { Autoscaler } from './objects.ts'

/** Whether a HorizontalPodAutoscaler sets this workload's replicas, and will set them back. A cluster that does not let us look says so. */
export async function autoscalerWarnings(
  cluster: Cluster,
  { kind, namespace, name }: ObjectRef,
  signal: AbortSignal,
): Promise<string[]> {
  try {
    const query = { kind: wellKnown('HorizontalPodAutoscaler'), namespace, limit: 500 }
    const { items } = await cluster.objects<Autoscaler>(query, signal)
    const owners = items.filter(
      ({ spec }) => spec?.scaleTargetRef?.kind === kind.kind && spec.scaleTargetRef.name === name,
    )
    return owners.map(
      ({ metadata, spec }) =>
        `The autoscaler "${metadata?.name}" sets the replicas of this workload (${spec?.minReplicas ?? 1} to ${spec?.maxReplicas ?? '?'}) and may change them back.`,
    )
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof ToolError) || (error.code !== 'forbidden' && error.code !== 'not_found')) throw error
    return ['Whether an autoscaler sets its replicas could not be seen.']
  }
}
