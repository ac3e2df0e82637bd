import { CallerError, Change, digestOf } from '@watchkeeper/mcp-shared'
import { z } from 'zod'
import { Namespace, Rehearsal, workloadTarget } from '../arguments.ts'
import { changeObject, probeMark } from '../change-object.ts'
import { diffObjects } from '../object-diff.ts'
import type { Workload } from '../objects.ts'
import { currentRevision, type Revision, revisionsOf } from '../revisions.ts'
import { replacementWarnings } from '../rollout-warnings.ts'
import { defineTool } from '../tool.ts'
import { workloadRef } from '../workload.ts'

const DeploymentName = z
  .string()
  .regex(/^deployment\/[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/, 'must be deployment/NAME, such as "deployment/cart"')

const HASH = 'pod-template-hash'

export const rolloutUndo = defineTool({
  name: 'rollout_undo',
  title: 'Go back to an earlier revision',
  effect: 'destructive',
  undoable: true,
  description:
    'Gives a Deployment the pod template of an earlier revision; its pods are replaced one after another. rollout_history lists them.',
  input: z.strictObject({
    namespace: Namespace,
    workload: DeploymentName,
    to_revision: z.int().min(1).optional().describe('The one before when left out.'),
    ...Rehearsal,
  }),
  output: Change,
  target: workloadTarget,
  async run({ namespace, workload, to_revision, dry_run: dryRun, precondition }, cluster, { signal, effect }) {
    const ref = workloadRef(namespace, workload)
    const now = await cluster.readForChange<Workload>(ref, signal)
    const revisions = await revisionsOf(cluster, now, 'Deployment', signal)
    const { revision, template } = choose(workload, now, revisions, to_revision)
    const { [HASH]: _hash, ...labels } = template?.metadata?.labels ?? {}
    const back = { ...template, metadata: { ...template?.metadata, labels } }
    const change = {
      tool: 'rollout_undo',
      ref,
      undoable: true,
      values: ({ spec }: Workload) => ({ template: digestOf(spec?.template ?? {}) }),
      patch: () => ({ spec: { template: { $patch: 'replace', ...back } } }),
      warnings: replacementWarnings,
      undo: (live: Workload) => ({ namespace, workload, to_revision: currentRevision(live) }),
      diff: (live: Workload, changed: Workload) => diffObjects(templateOnly(live), templateOnly(changed)),
      summary: () => `take ${workload} in ${namespace} back to revision ${revision}.`,
    }
    return changeObject(cluster, change, { dryRun, precondition, effect, signal })
  },
  probe: ({ namespace, workload, precondition }, cluster, { effect, signal }) =>
    probeMark(cluster, { ref: workloadRef(namespace, workload), precondition, effect, signal }),
})

function choose(
  workload: string,
  live: Workload,
  revisions: readonly Revision[],
  wanted: number | undefined,
): Revision {
  if (live.spec?.paused)
    throw new CallerError('refused', `The rollout of ${workload} is paused, so it would not go back. Resume it first.`)
  const current = currentRevision(live)
  const known = revisions.map(({ revision }) => revision).join(', ')
  if (wanted === current) throw new CallerError('refused', `${workload} is at revision ${current} already.`)
  const found = revisions.find(({ revision }) => (wanted === undefined ? revision < current : revision === wanted))
  if (found?.template) return found
  throw new CallerError(
    'refused',
    wanted === undefined
      ? `${workload} has no revision before ${current} to go back to.`
      : `${workload} has no revision ${wanted}; it has ${known || 'none'}.`,
  )
}

function templateOnly({ kind, spec }: Workload): Workload {
  return { ...(kind ? { kind } : {}), spec: { ...(spec?.template ? { template: spec.template } : {}) } }
}
