import { CallerError, Change } from '@watchkeeper/mcp-shared'
import { z } from 'zod'
import { ContainerName, Namespace, Rehearsal, WorkloadName, workloadTarget } from '../arguments.ts'
import { changeObject, probeMark } from '../change-object.ts'
import type { Workload } from '../objects.ts'
import { chooseContainer, plannedResources, resourcesPatch, resourceValues, undoResources } from '../resources.ts'
import { replacementWarnings } from '../rollout-warnings.ts'
import { defineTool } from '../tool.ts'
import { workloadRef } from '../workload.ts'

/** Read closely by `plannedResources`, which says in words what is wrong. */
const Amount = z.union([z.string().max(24), z.int(), z.null()]).optional()

export const setResources = defineTool({
  name: 'set_resources',
  title: 'Set memory and CPU of a workload',
  effect: 'write',
  undoable: true,
  idempotent: true,
  description:
    'Sets limits and requests of one container of a Deployment, StatefulSet or DaemonSet; what is left out stays. Its pods are replaced one after another.',
  input: z.strictObject({
    namespace: Namespace,
    workload: WorkloadName,
    container: ContainerName.optional(),
    memory: Amount.describe('Limit: "512Mi", or bytes; null removes it.'),
    memory_request: Amount,
    cpu: Amount.describe('Limit: "500m", "2", or millicores; null removes it.'),
    cpu_request: Amount,
    ...Rehearsal,
  }),
  output: Change,
  target: workloadTarget,
  async run({ namespace, workload, container, dry_run: dryRun, precondition, ...wanted }, cluster, { signal, effect }) {
    const planned = plannedResources(wanted)
    if (planned.size === 0)
      throw new CallerError('invalid', 'Say what to set: memory, memory_request, cpu or cpu_request.')
    const change = {
      tool: 'set_resources',
      ref: workloadRef(namespace, workload),
      undoable: true,
      values: (live: Workload) => resourceValues(chooseContainer(live, container), planned),
      patch: (live: Workload) => resourcesPatch(chooseContainer(live, container), planned),
      warnings: replacementWarnings,
      undo: (live: Workload) => ({ namespace, workload, ...undoResources(chooseContainer(live, container), planned) }),
      summary: () =>
        `set ${[...planned].map(([field, text]) => `${field} ${text ?? 'to none'}`).join(', ')} of ${workload} in ${namespace}.`,
    }
    return changeObject(cluster, change, { dryRun, precondition, effect, signal })
  },
  probe: ({ namespace, workload, precondition }, cluster, { effect, signal }) =>
    probeMark(cluster, { ref: workloadRef(namespace, workload), precondition, effect, signal }),
})
