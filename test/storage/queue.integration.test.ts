import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { inTransaction } from '../../src/storage/postgres.ts'
import { installQueue, type Job, openQueue, type Queue } from '../../src/storage/queue.ts'
import { type TestDatabase, testDatabase } from '../support/postgres.ts'

let db: TestDatabase
let queue: Queue
const errors: Error[] = []

beforeAll(async () => {
  db = await testDatabase({ empty: true })
  await installQueue(db.url)
  queue = openQueue({ url: db.url, max: 6, onError: (error) => errors.push(error) })
  await queue.start()
})
afterAll(async () => {
  await queue.stop({ graceful: false })
  // Its connections leave the server a moment after they leave the pool; dropping the database would break them off.
  await vi.waitFor(async () => expect(await queueConnections()).toBe(0))
  await db.close()
  expect(errors).toEqual([])
})

async function queueConnections(): Promise<number> {
  const rows = await db.sql`
    select 1 from pg_stat_activity where datname = current_database() and application_name = 'watchkeeper-queue'`
  return rows.length
}

/** Collects what a queue runs, and lets a test wait for it. */
function listener<T extends object>() {
  const jobs: Array<Job<T> & { at: number }> = []
  let wake = () => {}
  return {
    jobs,
    async take(job: Job<T>) {
      jobs.push({ ...job, at: performance.now() })
      wake()
    },
    async until(count: number) {
      while (jobs.length < count) await new Promise<void>((resolve) => (wake = resolve))
      return jobs
    },
  }
}

test('a job enqueued in a transaction is taken within milliseconds of its commit', async () => {
  const seen = listener<{ n: number }>()
  await queue.work('prompt', { concurrency: 2 }, seen.take)
  const delays: number[] = []
  for (let n = 1; n <= 21; n++) {
    await inTransaction(db.sql, (tx) => queue.enqueue(tx, 'prompt', { n }))
    const committed = performance.now()
    await seen.until(n)
    delays.push(Math.max(0, (seen.jobs[n - 1]?.at ?? 0) - committed))
  }
  expect(seen.jobs.map(({ data }) => data.n)).toEqual(Array.from({ length: 21 }, (_, index) => index + 1))
  const median = delays.sort((a, b) => a - b)[10] ?? Number.POSITIVE_INFINITY
  expect(median).toBeLessThan(50)
})

test('a job of a transaction that fails never existed', async () => {
  const seen = listener<{ name: string }>()
  const failing = inTransaction(db.sql, async (tx) => {
    await queue.enqueue(tx, 'undone', { name: 'never' })
    throw new Error('no')
  })
  await expect(failing).rejects.toThrow('no')
  await queue.work('undone', { concurrency: 1 }, seen.take)
  await inTransaction(db.sql, (tx) => queue.enqueue(tx, 'undone', { name: 'real' }))
  await seen.until(1)
  expect(seen.jobs.map(({ data }) => data.name)).toEqual(['real'])
})

test('a thousand jobs go in together and each runs once', async () => {
  const seen = listener<{ n: number }>()
  const jobs = Array.from({ length: 1_000 }, (_, n) => ({ data: { n } }))
  const before = performance.now()
  await inTransaction(db.sql, (tx) => queue.enqueueMany(tx, 'bulk', jobs))
  expect(performance.now() - before).toBeLessThan(1_000)
  await queue.work('bulk', { concurrency: 4 }, seen.take)
  await seen.until(1_000)
  expect(new Set(seen.jobs.map(({ data }) => data.n)).size).toBe(1_000)
})

test('wishes of one key that wait together become one job; other keys and later ones do not', async () => {
  const seen = listener<{ n: number }>()
  for (const n of [1, 2, 3]) await inTransaction(db.sql, (tx) => queue.enqueue(tx, 'keyed', { n }, { key: 'a' }))
  await inTransaction(db.sql, (tx) =>
    queue.enqueueMany(tx, 'keyed', [
      { data: { n: 4 }, key: 'a' },
      { data: { n: 5 }, key: 'b' },
      { data: { n: 6 }, key: 'a', startAfterMs: 3_600_000 },
    ]),
  )
  await queue.work('keyed', { concurrency: 1 }, seen.take)
  await seen.until(2)
  expect(seen.jobs.map(({ data }) => data.n)).toEqual([1, 5])
  const waiting = await db.sql`select data from pgboss.job where name = 'keyed' and state = 'created'`
  expect(waiting.map(({ data }) => data.n)).toEqual([6])
})

test('a dropped wish is not lost: the waiting job is not taken before what came with the wish can be seen', async () => {
  await db.sql`create table notes (text text not null)`
  const seen: string[][] = []
  const done = Promise.withResolvers<void>()
  await inTransaction(db.sql, (tx) => queue.enqueue(tx, 'careful', {}, { key: 'k' }))
  await inTransaction(db.sql, async (tx) => {
    await tx`insert into notes values ('written with the second wish')`
    await queue.enqueue(tx, 'careful', {}, { key: 'k' })
    await queue.work('careful', { concurrency: 2 }, async () => {
      seen.push((await db.sql`select text from notes`).map(({ text }) => String(text)))
      done.resolve()
    })
    // Long enough for the workers to have polled at least twice while the row is locked.
    await tx`select pg_sleep(2.2)`
    expect(seen).toEqual([])
  })
  await done.promise
  expect(seen).toEqual([['written with the second wish']])
})

test('a wish made while its job runs makes another run', async () => {
  const running = Promise.withResolvers<void>()
  const finish = Promise.withResolvers<void>()
  const seen = listener<{ n: number }>()
  await queue.work<{ n: number }>('again', { concurrency: 1 }, async (job) => {
    running.resolve()
    await finish.promise
    await seen.take(job)
  })
  await inTransaction(db.sql, (tx) => queue.enqueue(tx, 'again', { n: 1 }, { key: 'k' }))
  await running.promise
  await inTransaction(db.sql, (tx) => queue.enqueue(tx, 'again', { n: 2 }, { key: 'k' }))
  finish.resolve()
  await seen.until(2)
  expect(seen.jobs.map(({ data }) => data.n)).toEqual([1, 2])
})

test('a delayed job waits for its time', async () => {
  const seen = listener<{ n: number }>()
  await queue.work('delayed', { concurrency: 1 }, seen.take)
  const start = performance.now()
  await inTransaction(db.sql, (tx) => queue.enqueue(tx, 'delayed', { n: 1 }, { startAfterMs: 700 }))
  const [job] = await seen.until(1)
  expect((job?.at ?? 0) - start).toBeGreaterThan(650)
  expect((job?.at ?? 0) - start).toBeLessThan(4_000)
})

test('a handler that throws is tried again, and knows it', async () => {
  const seen: number[] = []
  const done = Promise.withResolvers<void>()
  await queue.work('clumsy', { concurrency: 1 }, async ({ retries }) => {
    seen.push(retries)
    if (retries < 1) throw new Error('dropped it')
    done.resolve()
  })
  await inTransaction(db.sql, (tx) => queue.enqueue(tx, 'clumsy', {}))
  await done.promise
  expect(seen).toEqual([0, 1])
})

test('a graceful stop waits for the job at hand', async () => {
  const other = openQueue({ url: db.url, max: 3 })
  await other.start()
  const running = Promise.withResolvers<void>()
  const finish = Promise.withResolvers<void>()
  let finished = false
  await other.work('slow', { concurrency: 1 }, async () => {
    running.resolve()
    await finish.promise
    finished = true
  })
  await inTransaction(db.sql, (tx) => other.enqueue(tx, 'slow', {}))
  await running.promise
  const stopped = other.stop({ graceful: true })
  finish.resolve()
  await stopped
  expect(finished).toBe(true)
  const [row] = await db.sql`select state from pgboss.job where name = 'slow'`
  expect(row?.state).toBe('completed')
})

test('the job of a killed replica runs elsewhere within 15 seconds', async () => {
  const program = fileURLToPath(new URL('queue-child.ts', import.meta.url))
  const child = spawn(process.execPath, [program, db.url], { stdio: ['ignore', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  expect((await lines.next()).value).toBe('ready')
  await inTransaction(db.sql, (tx) => queue.enqueue(tx, 'killed', { n: 1 }))
  const id = (await lines.next()).value
  const seen = listener<{ n: number }>()
  await queue.work('killed', { concurrency: 1 }, seen.take)
  child.kill('SIGKILL')
  await once(child, 'exit')
  const killedAt = performance.now()
  const [job] = await seen.until(1)
  expect(job).toMatchObject({ id, data: { n: 1 }, retries: 1 })
  expect((job?.at ?? 0) - killedAt).toBeLessThan(15_000)
})
