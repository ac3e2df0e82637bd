import { type KubeObject, timestamp } from './objects.ts'
import { resourceOfKind } from './resources.ts'
import type { Store } from './store.ts'

const JOB = resourceOfKind('batch/v1', 'Job')
const CRON_JOB = resourceOfKind('batch/v1', 'CronJob')

/** The job controller: a Job runs for a while and succeeds. Its CronJob, if it has one, lists it while it runs. */
export interface Jobs {
  started(job: KubeObject): void
  removed(job: KubeObject): void
  stop(): void
}

export function createJobs(store: Store, now: () => number, runsFor: number): Jobs {
  const running = new Map<string, NodeJS.Timeout>()

  function write(job: KubeObject, status: Record<string, unknown>): void {
    const { namespace, name, uid } = job.metadata
    const live = store.get(JOB, namespace, name)
    if (live?.metadata.uid === uid) store.replace(JOB, { ...live, status })
  }

  function list(job: KubeObject, runs: boolean): void {
    const { namespace, name, uid, ownerReferences = [] } = job.metadata
    const owner = ownerReferences.find(({ kind }) => kind === 'CronJob')
    const cronJob = owner && store.get(CRON_JOB, namespace, owner.name)
    if (!cronJob) return
    const status = (cronJob.status ?? {}) as { active?: { uid: string }[] }
    const others = (status.active ?? []).filter((one) => one.uid !== uid)
    const active = runs ? [...others, { kind: 'Job', apiVersion: 'batch/v1', namespace, name, uid }] : others
    store.replace(CRON_JOB, { ...cronJob, status: { ...status, active } })
  }

  function end(job: KubeObject): void {
    clearTimeout(running.get(job.metadata.uid))
    running.delete(job.metadata.uid)
    list(job, false)
  }

  return {
    started(job) {
      const startTime = timestamp(now())
      write(job, { active: 1, ready: 1, startTime })
      list(job, true)
      const timer = setTimeout(() => {
        end(job)
        const completionTime = timestamp(now())
        const condition = { type: 'Complete', status: 'True', lastTransitionTime: completionTime }
        write(job, { succeeded: 1, startTime, completionTime, conditions: [condition] })
      }, runsFor)
      timer.unref()
      running.set(job.metadata.uid, timer)
    },
    removed: end,
    stop() {
      for (const timer of running.values()) clearTimeout(timer)
    },
  }
}
