import { count } from '@watchkeeper/mcp-shared'
import { z } from 'zod'
import { Namespace, WorkloadName } from '../arguments.ts'
import type { Workload } from '../objects.ts'
import { currentRevision, revisionsOf } from '../revisions.ts'
import { defineTool } from '../tool.ts'
import { workloadRef } from '../workload.ts'

export const rolloutHistory = defineTool({
  name: 'rollout_history',
  title: 'See the revisions of a workload',
  effect: 'read',
  description: 'The revisions that rollout_undo can go back to, newest first, with their images and pods.',
  input: z.strictObject({ namespace: Namespace, workload: WorkloadName }),
  output: z.object({
    summary: z.string(),
    workload: z.string(),
    items: z.array(
      z.object({
        revision: z.number(),
        current: z.boolean(),
        name: z.string(),
        created: z.string().nullable(),
        images: z.array(z.string()),
        pods: z.number().nullable(),
      }),
    ),
    truncated: z.boolean(),
    total: z.number(),
    next: z.null(),
  }),
  async run({ namespace, workload: name }, cluster, { signal }) {
    const ref = workloadRef(namespace, name)
    const workload = await cluster.object<Workload>(ref, signal)
    const revisions = await revisionsOf(cluster, workload, ref.kind.kind, signal)
    const newest = ref.kind.kind === 'Deployment' ? currentRevision(workload) : (revisions[0]?.revision ?? 0)
    const items = revisions.map(({ template: _template, ...shown }) => ({
      ...shown,
      current: shown.revision === newest,
    }))
    return {
      summary: `${name}: ${count(items.length, 'revision')}, now ${newest}.`,
      workload: name,
      items,
      truncated: false,
      total: items.length,
      next: null,
    }
  },
})
