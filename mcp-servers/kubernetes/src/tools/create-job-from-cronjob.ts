import { CallerError, Change, digestOf, type Probed } from '@watchkeeper/mcp-shared'
import { z } from 'zod'
import { Name, Namespace, Rehearsal } from '../arguments.ts'
import { assertLive, changeAnswer, effectsOf, type HowToRun, markOf, unlessGone, untilStill } from '../change-object.ts'
import type { Cluster } from '../cluster.ts'
import { wellKnown } from '../kinds.ts'
import type { CronJob, KubeObject } from '../objects.ts'
import { defineTool } from '../tool.ts'

/** A Job's name is also a label of its pods: 63 characters at most, with what the effect adds. */
const PREFIX = 50

export const createJobFromCronjob = defineTool({
  name: 'create_job_from_cronjob',
  title: 'Run a CronJob now',
  effect: 'write',
  undoable: false,
  description:
    'Makes one Job from the template of a CronJob, beside its schedule. Refused while one runs that may not overlap.',
  input: z.strictObject({ namespace: Namespace, name: Name.describe('The CronJob.'), ...Rehearsal }),
  output: Change,
  target: ({ namespace, name }) => ['cronjob', namespace, name],
  run({ namespace, name, dry_run: dryRun, precondition }, cluster, { signal, effect, spare }) {
    spare(['job', namespace, nameOfJob(name, dryRun ? undefined : effect)])
    return untilStill(() => runNow(cluster, { namespace, name }, { dryRun, precondition, effect, signal }))
  },
  probe: ({ namespace, name }, cluster, { effect, signal }) => probeJob(cluster, { namespace, name }, effect, signal),
})

type Where = { namespace: string; name: string }

/**
 * Two writes, in an order a probe can read: the mark on the CronJob, with the version that was checked, then the Job. So a
 * mark without its Job says that nobody knows, and no mark says that nothing happened.
 */
async function runNow(cluster: Cluster, where: Where, how: HowToRun): Promise<Change> {
  const { dryRun, effect, signal } = how
  const ref = { kind: wellKnown('CronJob'), ...where }
  const live = await cluster.readForChange<CronJob>(ref, signal)
  const values = { jobTemplate: digestOf(live.spec?.jobTemplate ?? {}) }
  assertLive(how.precondition, ref, live, values)
  const active = live.status?.active ?? []
  if (live.spec?.concurrencyPolicy === 'Forbid' && active.length > 0)
    throw new CallerError(
      'refused',
      `${where.name} forbids two runs at once, and ${active.map(({ name }) => name).join(', ')} is running.`,
    )
  const jobName = nameOfJob(where.name, dryRun ? undefined : effect)
  const job = jobFrom(live, { namespace: where.namespace, name: jobName }, dryRun ? undefined : effect)
  if (effect && !dryRun) {
    const metadata = { resourceVersion: live.metadata?.resourceVersion, annotations: markOf(live, effect) }
    await cluster.patch(ref, { metadata }, { dryRun: false }, signal)
  }
  await cluster.create(jobRef(where.namespace, jobName), job, { dryRun }, signal)
  return changeAnswer(cluster, {
    ref,
    live,
    values,
    diff: [{ field: 'job', from: null, to: jobName }],
    summary: `run ${where.name} in ${where.namespace} once, as the Job ${jobName}.`,
    warnings: [
      ...(active.length > 0 ? [`${active.map(({ name }) => name).join(', ')} is running already.`] : []),
      ...(live.spec?.suspend ? ['The CronJob is suspended: somebody did not want it to run.'] : []),
    ],
    undoable: false,
    undo: null,
    how,
  })
}

function nameOfJob(cronJob: string, effect: string | undefined): string {
  return `${cronJob.slice(0, PREFIX).replace(/[.-]+$/, '')}-wk-${effect?.slice(0, 8) ?? 'effect'}`
}

function jobRef(namespace: string, name: string) {
  return { kind: wellKnown('Job'), namespace, name }
}

function jobFrom({ metadata, spec }: CronJob, at: Where, effect: string | undefined): KubeObject {
  const { metadata: template = {}, spec: job = {} } = spec?.jobTemplate ?? {}
  const annotations = {
    ...template.annotations,
    'cronjob.kubernetes.io/instantiate': 'manual',
    ...(effect ? markOf(undefined, effect) : {}),
  }
  const owner = { apiVersion: 'batch/v1', kind: 'CronJob', name: metadata?.name ?? '', uid: metadata?.uid ?? '' }
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { ...at, ...(template.labels ? { labels: template.labels } : {}), annotations, ownerReferences: [owner] },
    spec: job,
  }
}

async function probeJob(cluster: Cluster, where: Where, effect: string, signal: AbortSignal): Promise<Probed> {
  const name = nameOfJob(where.name, effect)
  const job = await unlessGone(cluster.object<KubeObject>(jobRef(where.namespace, name), signal))
  if (job && effectsOf(job).includes(effect))
    return { state: 'done', because: `the Job ${name} was made by this effect` }
  const cronJob = await unlessGone(cluster.object<CronJob>({ kind: wellKnown('CronJob'), ...where }, signal))
  if (!cronJob) return { state: 'unknown', because: `cronjob/${where.name} is gone, and its marks with it` }
  if (effectsOf(cronJob).includes(effect))
    return { state: 'unknown', because: `this effect began, and its Job ${name} is not there: not made, or cleaned up` }
  return { state: 'not_done', because: `cronjob/${where.name} does not carry the mark of this effect` }
}
