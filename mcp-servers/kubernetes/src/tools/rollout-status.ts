import { z } from 'zod'
import { Namespace, WorkloadName } from '../arguments.ts'
import type { Workload } from '../objects.ts'
import { podsOf } from '../pods.ts'
import { currentPods, podFigures, rolloutOf } from '../rollout.ts'
import { defineTool } from '../tool.ts'
import { workloadRef } from '../workload.ts'

export const rolloutStatus = defineTool({
  name: 'rollout_status',
  title: 'See whether a workload is sound',
  effect: 'read',
  description:
    'Whether a Deployment, StatefulSet or DaemonSet has all its pods of the newest revision available, and if not, why; restarts of its current pods.',
  input: z.strictObject({ namespace: Namespace, workload: WorkloadName }),
  output: z.object({
    summary: z.string(),
    workload: z.string(),
    available: z.boolean(),
    desired: z.number(),
    ready: z.number(),
    updated: z.number(),
    unavailable: z.number(),
    generation: z.number().nullable(),
    observed_generation: z.number().nullable(),
    revision: z.string().nullable(),
    paused: z.boolean(),
    progressing: z.boolean(),
    reason: z.string().nullable(),
    restarts: z.number(),
    restarts_since: z.number().describe('of pods of the newest revision'),
    oldest_pod_age_seconds: z.number().nullable(),
    waiting_reasons: z.array(z.string()),
    pods: z.number(),
    truncated: z.boolean(),
    total: z.number().describe('pods'),
  }),
  async run({ namespace, workload: name }, cluster, { signal, now }) {
    const ref = workloadRef(namespace, name)
    const workload = { ...(await cluster.object<Workload>(ref, signal)), kind: ref.kind.kind }
    const { pods, truncated } = await podsOf(cluster, workload, signal)
    const rollout = rolloutOf(workload)
    const figures = podFigures(pods, await currentPods(cluster, workload, pods, signal), now())
    const state = rollout.available ? 'available' : `not available, ${rollout.reason}`
    return {
      summary: `${name}: ${state}; ${rollout.ready} of ${rollout.desired} ready, ${figures.restarts_since} restarts of the current revision.`,
      workload: name,
      ...rollout,
      ...figures,
      pods: pods.length,
      truncated,
      total: pods.length,
    }
  },
})
