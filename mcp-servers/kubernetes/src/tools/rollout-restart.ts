import { CallerError, Change } from '@watchkeeper/mcp-shared'
import { z } from 'zod'
import { Namespace, Rehearsal, WorkloadName, workloadTarget } from '../arguments.ts'
import { changeObject, type ObjectChange, probeMark } from '../change-object.ts'
import type { Workload } from '../objects.ts'
import { replacementWarnings } from '../rollout-warnings.ts'
import { defineTool } from '../tool.ts'
import { workloadRef } from '../workload.ts'

const RESTARTED_AT = 'kubectl.kubernetes.io/restartedAt'

export const rolloutRestart = defineTool({
  name: 'rollout_restart',
  title: 'Restart a workload',
  effect: 'write',
  undoable: false,
  description: 'Replaces the pods of a Deployment, StatefulSet or DaemonSet one after another. Nothing else changes.',
  input: z.strictObject({ namespace: Namespace, workload: WorkloadName, ...Rehearsal }),
  output: Change,
  target: workloadTarget,
  async run({ namespace, workload, dry_run: dryRun, precondition }, cluster, { signal, effect, now }) {
    const restartedAt = new Date(now()).toISOString()
    const change = {
      tool: 'rollout_restart',
      ref: workloadRef(namespace, workload),
      undoable: false,
      values: ({ spec }) => ({ restartedAt: spec?.template?.metadata?.annotations?.[RESTARTED_AT] ?? null }),
      patch({ spec }) {
        if (spec?.paused)
          throw new CallerError(
            'refused',
            `The rollout of ${workload} is paused, so a restart would not happen. Resume it first.`,
          )
        return { spec: { template: { metadata: { annotations: { [RESTARTED_AT]: restartedAt } } } } }
      },
      warnings: replacementWarnings,
      undo: () => null,
      rehearsed: () => ({ restartedAt: 'the time it runs' }),
      summary: () => `restart ${workload} in ${namespace}.`,
    } satisfies ObjectChange<Workload>
    return changeObject(cluster, change, { dryRun, precondition, effect, signal })
  },
  probe: ({ namespace, workload, precondition }, cluster, { effect, signal }) =>
    probeMark(cluster, { ref: workloadRef(namespace, workload), precondition, effect, signal }),
})
