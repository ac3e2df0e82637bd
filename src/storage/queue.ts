import { randomUUID } from 'node:crypto'
import { type Db, PgBoss } from 'pg-boss'
import { PreparingClient } from './pg-pool.ts'
import { type SqlOrTx, sentTogether, type Tx } from './postgres.ts'

export type JobOptions = {
  /**
   * At most one job of this name and key waits at a time: a second one is the same wish, and is dropped. One that is
   * already running does not count, so whatever was committed with this wish is seen by a run that starts afterwards.
   */
  key?: string
  /** Milliseconds until it may run. A delayed job and an immediate one of the same key do not replace each other. */
  startAfterMs?: number
}

export type NewJob = JobOptions & { data: object }

export type Job<T> = {
  id: string
  data: T
  /** 0 the first time, then one more at each retry. */
  retries: number
  /** Aborts when the process stops without waiting, or the job has taken longer than it may. */
  signal: AbortSignal
}

export type Queue = {
  /** Connects, and makes the tables if `prepareDatabase` has not. */
  start(): Promise<void>
  /** Puts a job into the caller's transaction: it exists if and only if that commits. */
  enqueue(tx: Tx, name: string, data: object, options?: JobOptions): Promise<void>
  /** The same for many jobs of one name, in one statement. */
  enqueueMany(tx: Tx, name: string, jobs: readonly NewJob[]): Promise<void>
  /**
   * Runs `handler` for each job, `concurrency` at a time in this process. A job is done when the handler returns; when it
   * throws, or its process dies, the job runs again, perhaps elsewhere: at least once, so handlers are repeatable.
   */
  work<T extends object>(
    name: string,
    options: { concurrency: number },
    handler: (job: Job<T>) => Promise<void>,
  ): Promise<void>
  /** Graceful waits for running jobs, `timeoutMs` at most (30 s unless told); otherwise they are given back at once. */
  stop(options?: { graceful?: boolean; timeoutMs?: number }): Promise<void>
}

export type QueueOptions = {
  url: string
  /** Connections at most; 10 unless told. One more listens. */
  max?: number
  applicationName?: string
  /** Told about failures in the background; the queue goes on by itself. */
  onError?: (error: Error) => void
  /** Told about things worth a look, such as a listener that could not be set up. */
  onWarning?: (message: string) => void
}

export const QUEUE_SCHEMA = 'pgboss'

/** The least pg-boss accepts. A job whose process died is noticed this long after its last sign of life. */
const HEARTBEAT_SECONDS = 10

const HOUR = 3_600

/**
 * A queue in the schema `pgboss` of the database at `url`, shared by every replica. A committed job is taken within
 * milliseconds by LISTEN/NOTIFY, with a poll each second behind it; one whose process was killed runs again within 15 s.
 */
export function openQueue(options: QueueOptions): Queue {
  const boss = new PgBoss({
    connectionString: options.url,
    max: options.max ?? 10,
    application_name: options.applicationName ?? 'watchkeeper-queue',
    schema: QUEUE_SCHEMA,
    // Handed on to its pool.
    ...{ Client: PreparingClient },
    useListenNotify: true,
    superviseIntervalSeconds: 1,
    monitorIntervalSeconds: 1,
    maintenanceIntervalSeconds: 300,
    // Business timers are rows with a due time, swept by the application: no schedules here.
    schedule: false,
  })
  // A worker's error arrives as a plain object that only looks like one.
  boss.on('error', (error) => options.onError?.(error instanceof Error ? error : Object.assign(new Error(), error)))
  boss.on('warning', ({ message }) => options.onWarning?.(message))
  const known = new Map<string, Promise<void>>()
  const ready = (name: string) => {
    const making = known.get(name) ?? makeQueue(boss, name)
    known.set(name, making)
    // A failure is not kept: the next caller tries again.
    making.catch(() => known.delete(name))
    return making
  }

  async function enqueueMany(tx: Tx, name: string, jobs: readonly NewJob[]): Promise<void> {
    if (jobs.length === 0) return
    await ready(name)
    await insertJobs(boss, tx, name, jobs)
  }

  return {
    async start() {
      await boss.start()
    },
    enqueue: (tx, name, data, jobOptions = {}) => enqueueMany(tx, name, [{ data, ...jobOptions }]),
    enqueueMany,
    async work<T extends object>(name: string, { concurrency }: { concurrency: number }, handler: Handler<T>) {
      await ready(name)
      for (let started = 0; started < concurrency; started++) await startWorker(boss, name, handler)
    },
    stop: ({ graceful = true, timeoutMs = 30_000 } = {}) => boss.stop({ graceful, timeout: timeoutMs }),
  }
}

type Handler<T> = (job: Job<T>) => Promise<void>

/** One worker, one job at a time. By itself it would rest a second after each job; nudged, it looks for the next at once. */
async function startWorker<T extends object>(boss: PgBoss, name: string, handler: Handler<T>): Promise<void> {
  let worker = ''
  const settings = { includeMetadata: true, pollingIntervalSeconds: 1, notifyPollingIntervalSeconds: 1 } as const
  worker = await boss.work<T, void, typeof settings>(name, settings, async (jobs) => {
    try {
      for (const { id, data, retryCount, signal } of jobs) await handler({ id, data, retries: retryCount, signal })
    } finally {
      boss.notifyWorker(worker)
    }
  })
}

/** Makes the queue's tables, without running anything: for the migration lock, which keeps two replicas apart. */
export async function installQueue(url: string): Promise<void> {
  const boss = new PgBoss({ connectionString: url, max: 1, schema: QUEUE_SCHEMA, supervise: false, schedule: false })
  boss.on('error', () => {})
  await boss.start()
  await boss.stop({ graceful: false })
}

async function makeQueue(boss: PgBoss, name: string): Promise<void> {
  const settings = {
    notify: true,
    heartbeatSeconds: HEARTBEAT_SECONDS,
    expireInSeconds: HOUR,
    retryLimit: 20,
    retryDelay: 1,
    retryBackoff: true,
    retryDelayMax: 60,
    deleteAfterSeconds: HOUR,
    retentionSeconds: 14 * 24 * HOUR,
  }
  // `short`: one waiting job per key, any number running. Jobs without a key get one of their own.
  if (await boss.getQueue(name)) await boss.updateQueue(name, settings)
  else await boss.createQueue(name, { policy: 'short', ...settings })
}

/**
 * Inserts what is not waiting already. A job dropped in favour of a waiting one needs care: a worker could take that one
 * before this transaction commits, and would not see what it wrote. So waiting rows are locked until then, which makes
 * workers pass over them; what was neither inserted nor found waiting was taken in between, and is tried again. Both go out
 * together: most often something waits.
 */
async function insertJobs(boss: PgBoss, tx: Tx, name: string, jobs: readonly NewJob[]): Promise<void> {
  let missing = jobs.map(({ data, key, startAfterMs = 0 }) => ({
    id: randomUUID(),
    data,
    singletonKey: keyOf(key, startAfterMs),
    ...(startAfterMs > 0 ? { startAfter: new Date(Date.now() + startAfterMs) } : {}),
  }))
  while (missing.length > 0) {
    const keys = missing.map(({ singletonKey }) => singletonKey)
    const [waiting, inserted] = await sentTogether([
      lockWaiting(tx, name, keys),
      boss.insert(name, missing, { db: speak(tx), returnId: true }),
    ])
    const there = new Set([...(inserted ?? []), ...waiting.map(({ key }) => key)])
    missing = missing.filter(({ id, singletonKey }) => !there.has(id) && !there.has(singletonKey))
  }
}

/** The keys of these that wait, each row locked until the transaction ends. */
async function lockWaiting(tx: Tx, name: string, keys: readonly string[]): Promise<{ key: string }[]> {
  return await tx<{ key: string }[]>`
    select singleton_key as key from ${tx(QUEUE_SCHEMA)}.job
    where name = ${name} and state = 'created' and policy = 'short' and coalesce(singleton_key, '') = any(${[...keys]})
    for share`
}

function keyOf(key: string | undefined, startAfterMs: number): string {
  if (key === undefined) return randomUUID()
  return startAfterMs > 0 ? `${key}/later` : key
}

/** Lets pg-boss speak on our connection, and so in our transaction. */
function speak(sql: SqlOrTx): Db {
  return {
    async executeSql(text: string, values: unknown[] = []) {
      return { rows: await sql.unsafe(text, values as string[], { prepare: true }) }
    },
  }
}
