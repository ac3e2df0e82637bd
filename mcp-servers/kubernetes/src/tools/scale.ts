import { Change, count } from '@watchkeeper/mcp-shared'
import { z } from 'zod'
import { Namespace, Rehearsal, ScalableName, workloadTarget } from '../arguments.ts'
import { autoscalerWarnings } from '../autoscaler.ts'
import { changeObject, probeMark } from '../change-object.ts'
import type { Workload } from '../objects.ts'
import { defineTool } from '../tool.ts'
import { workloadRef } from '../workload.ts'

export const scale = defineTool({
  name: 'scale',
  title: 'Scale a workload',
  effect: 'write',
  highest: 'destructive',
  effectOf: ({ replicas }) => (replicas === 0 ? 'destructive' : 'write'),
  undoable: true,
  idempotent: true,
  description: 'Sets how many pods a Deployment or StatefulSet has. 0 stops the service and counts as destructive.',
  input: z.strictObject({
    namespace: Namespace,
    workload: ScalableName,
    replicas: z.int().min(0).max(1_000),
    ...Rehearsal,
  }),
  output: Change,
  target: workloadTarget,
  async run({ namespace, workload, replicas, dry_run: dryRun, precondition }, cluster, { signal, effect }) {
    const ref = workloadRef(namespace, workload)
    const change = {
      tool: 'scale',
      ref,
      undoable: true,
      values: (live: Workload) => ({ replicas: replicasOf(live) }),
      patch: () => ({ spec: { replicas } }),
      async warnings(live: Workload) {
        const stops = replicas === 0 && replicasOf(live) > 0
        return [
          ...(stops ? [`${workload} stops serving: it will have no pods.`] : []),
          ...(await autoscalerWarnings(cluster, ref, signal)),
        ]
      },
      undo: (live: Workload) => ({ namespace, workload, replicas: replicasOf(live) }),
      summary: () => `scale ${workload} in ${namespace} to ${count(replicas, 'replica')}.`,
    }
    return changeObject(cluster, change, { dryRun, precondition, effect, signal })
  },
  probe: ({ namespace, workload, precondition }, cluster, { effect, signal }) =>
    probeMark(cluster, { ref: workloadRef(namespace, workload), precondition, effect, signal }),
})

/** An absent count means one, as the API server has it. */
function replicasOf({ spec }: Workload): number {
  return spec?.replicas ?? 1
}
