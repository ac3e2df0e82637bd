import { afterAll, afterEach, beforeEach, expect, test } from 'vitest'
import type { Json } from '../../src/domain/json.ts'
import { lockIncident } from '../../src/incidents/incident-rows.ts'
import { investigations } from '../../src/investigation/asking.ts'
import {
  askInvestigation,
  type Investigation,
  newestInvestigation,
  withdrawInvestigations,
} from '../../src/investigation/investigation-rows.ts'
import { pruneInvestigations } from '../../src/investigation/investigation-sweep.ts'
import { investigationWorker, type LookInto } from '../../src/investigation/investigation-worker.ts'
import { inTransaction } from '../../src/storage/postgres.ts'
import { openQueue, type Queue } from '../../src/storage/queue.ts'
import { seedQuestion } from '../approvals/seed.ts'
import { testDatabase } from '../support/postgres.ts'

const db = await testDatabase()
const { sql } = db
afterAll(db.close)

let queue: Queue
let incident: number
let stop: (() => void) | undefined
const failed: string[] = []
beforeEach(async () => {
  queue = openQueue({ url: db.url, max: 2 })
  await queue.start()
  await sql`delete from investigations`
  incident = (await seedQuestion(sql)).incident
  failed.length = 0
})
afterEach(async () => {
  stop?.()
  await queue.stop({ graceful: false })
})

const answer: LookInto = async () => ({ report: { kind: 'answer' }, recording: null, tell: async () => {} })

async function work(incidentKind: LookInto, sweepEveryMs = 60_000): Promise<void> {
  const worker = investigationWorker({
    sweepEveryMs,
    ...{
      sql,
      queue,
      concurrency: { incident: 1, question: 1, named: 1 },
      log: { error: () => {} },
      kinds: { incident: incidentKind, question: answer },
    },
    tellFailure: async (_tx, { id }) => void failed.push(id),
  })
  stop = worker.stop
  await worker.start()
}

const ask = (round = 1, askedBy = 'agent') =>
  inTransaction(sql, (tx) =>
    askInvestigation(tx, queue, { kind: 'incident', incident, round, askedBy, request: { deadlineMs: 1_000 } }),
  )

async function until(looks: (one: Investigation | undefined) => boolean): Promise<Investigation | undefined> {
  const end = performance.now() + 15_000
  for (;;) {
    const one = await newestInvestigation(sql, incident)
    if (looks(one)) return one
    if (performance.now() > end) throw new Error(`it stands so: ${JSON.stringify(one)}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

test('the agent asks once for a round, people as often as they like', async () => {
  expect(await ask()).toBeDefined()
  expect(await ask()).toBeUndefined()
  expect(await ask(1, 'bob')).toBeDefined()
  expect(await ask(1, 'bob')).toBeDefined()
  expect(await ask(2)).toBeDefined()
})

test('what came of it is told in the transaction that ends it, and once', async () => {
  const told: Json[] = []
  await work(async () => ({ report: { looks: 1 }, recording: null, tell: async () => void told.push('card') }))
  const id = await ask()
  const done = await until((one) => one?.status === 'done')
  expect(done).toMatchObject({ id, report: { looks: 1 }, attempts: 1 })
  expect(told).toEqual(['card'])
})

test('one that fails three times ends, and people are told', async () => {
  let tries = 0
  await work(async () => {
    tries += 1
    throw new Error('a bug')
  })
  const id = await ask()
  const done = await until((one) => one?.status === 'done')
  expect(done?.report).toEqual({ failed: expect.stringContaining('an error of Watchkeeper itself') })
  expect([tries, failed]).toEqual([3, [id]])
})

test('one that nobody wants any more ends without a word', async () => {
  const told: string[] = []
  await work(async (investigation) => {
    await inTransaction(sql, async (tx) => {
      await lockIncident(tx, incident)
      await withdrawInvestigations(tx, incident)
    })
    return { report: {}, recording: null, tell: async () => void told.push(investigation.id) }
  })
  const id = await ask()
  await until(() => true)
  for (;;) {
    const [row] = await sql<{ status: string; state: string }[]>`
      select i.status, j.state from investigations i, pgboss.job j
      where i.id = ${id ?? ''} and j.data->>'investigation' = i.id::text`
    if (row?.state === 'completed') {
      expect(row.status).toBe('withdrawn')
      break
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  expect(told).toEqual([])
})

test.each([
  ['always', true, 1],
  ['always', false, 1],
  ['unmatched', true, 0],
  ['unmatched', false, 1],
  ['asked', false, 0],
] as const)('INVESTIGATE=%s with a runbook %s: asked %i times', async (investigate, matched, times) => {
  const port = investigations(sql, queue, { investigate, mode: 'local_first', deadlineMs: 1_000 })
  await inTransaction(sql, (tx) => port.ask(tx, { incident, round: 1, matched }))
  expect(await sql`select 1 from investigations where incident_id = ${incident}`).toHaveLength(times)
})

test('a new round drops what is still under way for the one before; with models off nothing is asked', async () => {
  const port = (mode: 'local_first' | 'off') =>
    investigations(sql, queue, { investigate: 'always', mode, deadlineMs: 1_000 })
  await inTransaction(sql, (tx) => port('local_first').ask(tx, { incident, round: 1, matched: true }))
  await inTransaction(sql, (tx) => port('local_first').ask(tx, { incident, round: 2, matched: true }))
  await inTransaction(sql, (tx) => port('off').ask(tx, { incident, round: 3, matched: true }))
  const rows = await sql`select round, status from investigations where incident_id = ${incident} order by round`
  expect(rows).toEqual([
    { round: 1, status: 'withdrawn' },
    { round: 2, status: 'waiting' },
  ])
})

test('one that ended its process each time is not begun a fourth time, and people are told', async () => {
  const id = await ask()
  await sql`update investigations set status = 'running', attempts = 3`
  let begun = 0
  await work(async () => {
    begun += 1
    return { report: {}, recording: null, tell: async () => {} }
  })
  const done = await until((one) => one?.status === 'done')
  expect(done?.report).toEqual({ failed: expect.any(String) })
  expect([begun, failed]).toEqual([0, [id]])
})

test('a process that stops has not used up a try', async () => {
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>()
  await work((_, { signal }) => {
    begin()
    return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('cut off'))))
  })
  await ask()
  await begun
  stop?.()
  expect(await until((one) => one?.status === 'waiting')).toMatchObject({ attempts: 0 })
})

test('what lost its job is looked into all the same; begun too often without one, or far too long, it ends', async () => {
  const lost = (await ask()) ?? ''
  const spent = (await ask(1, 'bob')) ?? ''
  const stuck = (await ask(1, 'anna')) ?? ''
  await sql`update investigations set status = 'waiting', attempts = 3 where id = ${spent}`
  await sql`update investigations set status = 'running', started_at = now() - interval '1 hour' where id = ${stuck}`
  await sql`delete from pgboss.job where singleton_key in (${lost}, ${spent})`
  await sql`update pgboss.job set state = 'active', started_on = now(), heartbeat_on = now() where singleton_key = ${stuck}`
  await work(async () => ({ report: { looks: 1 }, recording: null, tell: async () => {} }), 50)
  const failedReport = { failed: expect.any(String) }
  await expect
    .poll(async () => await sql`select id, report from investigations where status = 'done' order by asked_by`)
    .toEqual([
      { id: lost, report: { looks: 1 } },
      { id: stuck, report: failedReport },
      { id: spent, report: failedReport },
    ])
  expect(failed.toSorted()).toEqual([spent, stuck].toSorted())
})

test('a question is answered while the places of incidents are taken', async () => {
  const { promise: stopped, resolve: end } = Promise.withResolvers<void>()
  await work(async () => {
    await stopped
    return { report: {}, recording: null, tell: async () => {} }
  })
  await ask()
  await ask(2)
  await inTransaction(sql, (tx) =>
    askInvestigation(tx, queue, {
      kind: 'question',
      incident,
      round: 1,
      askedBy: 'bob',
      request: { deadlineMs: 1_000 },
    }),
  )
  await expect
    .poll(async () => await sql`select kind from investigations where status = 'done'`, { timeout: 5_000 })
    .toEqual([{ kind: 'question' }])
  end()
})

test('what comes by the same key is asked for once', async () => {
  const named = { kind: 'named', incident: null, round: null, askedBy: 'file a.yaml' } as const
  const request = { name: 'overview', deadlineMs: 1_000 }
  const askBy = (key: string) => inTransaction(sql, (tx) => askInvestigation(tx, queue, { ...named, request, key }))
  expect(await askBy('file:a')).toBeDefined()
  expect(await askBy('file:a')).toBeUndefined()
  expect(await askBy('file:b')).toBeDefined()
})

test('what was recorded and seen for a closed incident is forgotten after a month, and its report stays', async () => {
  const other = (await seedQuestion(sql)).incident
  const old = '00000000-0000-4000-8000-000000000001'
  const open = '00000001-0000-4000-8000-000000000001'
  await sql`update incidents set status = 'closed', closed_at = watch_now() - interval '31 days' where id = ${incident}`
  for (const [id, of] of [
    [old, incident],
    [open, other],
  ] as const) {
    await sql`
      insert into investigations (id, kind, incident_id, round, asked_by, request, status, report, recording, ended_at)
      values (${id}, 'incident', ${of}, 1, 'bob', '{}', 'done', '{"looks":1}', '"much"', watch_now() - interval '31 days')`
    for (const key of [`look:${id.slice(0, 8)}:1`, 'check:x'])
      await sql`
        insert into evidence (incident_id, round, key, tool, args, asked_by, ok, result, summary, took_ms)
        values (${of}, 1, ${key}, 't', '{}', 'x', true, '{}', '', 1) on conflict do nothing`
  }
  await pruneInvestigations(sql)
  expect(await sql`select id, report, recording from investigations order by id`).toEqual([
    { id: old, report: { looks: 1 }, recording: null },
    { id: open, report: { looks: 1 }, recording: 'much' },
  ])
  const keys = await sql<{ key: string }[]>`
    select key from evidence where key in ('check:x', ${`look:${old.slice(0, 8)}:1`}, ${`look:${open.slice(0, 8)}:1`})
    order by key`
  expect(keys.map(({ key }) => key)).toEqual(['check:x', 'check:x', 'look:00000001:1'])
})
