import { afterAll, expect, test } from 'vitest'
import { authorizeByApproval, settleApproval } from '../../src/approvals/approval-store.ts'
import { freeze } from '../../src/autonomy/freeze.ts'
import { setPolicy } from '../../src/autonomy/policy-setting.ts'
import type { GraphDeps } from '../../src/graph/deps.ts'
import { authorizationFor, openEffect, type Start, startEffect } from '../../src/graph/effects.ts'
import { takeLease } from '../../src/incidents/leases.ts'
import { bob, recordingAnnouncer, seedQuestion } from '../approvals/seed.ts'
import { testDatabase } from '../support/postgres.ts'

const db = await testDatabase()
const { sql } = db
afterAll(db.close)

const wish = { actor: 'person:alice', by: 'alice', channel: 'console' }

test('a start that meets a freeze which is not yet committed waits for it, and starts nothing', async () => {
  const start = await ready()
  const { promise: told, resolve: confirm } = Promise.withResolvers<void>()
  const freezing = sql.begin(async (tx) => {
    await freeze(tx, recordingAnnouncer(), wish)
    await told
  })
  await until(async () => (await locksOn('settings')) > 0)
  const starting = start(recordingAnnouncer())
  await until(async () => (await waiting()) > 0)
  confirm()
  await freezing
  expect(await starting).toEqual({ refused: { kind: 'stop', because: 'Everything is frozen.' } })
})

test('a freeze that meets a start waits for it: what it is confirmed after has begun, and nothing begins afterwards', async () => {
  const start = await ready()
  const { promise: held, resolve: go } = Promise.withResolvers<void>()
  const starting = start({ ...recordingAnnouncer(), card: () => held })
  await until(async () => (await locksOn('effects')) > 0)
  const ends: string[] = []
  const freezing = sql.begin((tx) => freeze(tx, recordingAnnouncer(), wish)).then(() => ends.push('frozen'))
  await until(async () => (await waiting()) > 0)
  expect(ends).toEqual([])
  go()
  expect(await starting).toMatchObject({ effect: { status: 'started' } })
  await freezing
})

/** An approved plan whose first action may start, and its start, with an announcer of the test's. */
async function ready(): Promise<(announcer: GraphDeps['announcer']) => Promise<Start>> {
  await setPolicy(sql, 'VERBOSE', 'a test')
  const { incident, plan, approval } = await seedQuestion(sql)
  const settled = await settleApproval(sql, { approval: approval.id, verdict: 'approved', by: bob.name })
  await sql`insert into votes (approval_id, person, role, verdict, at) values (${approval.id}, 'bob', 'operator', 'approve', watch_now())`
  if (!settled) throw new Error('the approval was settled before')
  await authorizeByApproval(sql, settled, 60_000)
  const permit = await authorizationFor(sql, plan.id, 0, 1)
  const [action] = plan.body.actions
  const lease = await takeLease(sql, `incident:${incident}`, 'a test', 60_000)
  if (!permit || !action || !lease) throw new Error('nothing may start')
  const { attempt } = await openEffect(sql, plan, action, permit)
  await sql`delete from leases where name like 'target:%'`
  return async (announcer) => {
    const deps = {
      sql,
      announcer,
      people: () => [bob],
      rules: { protectedNamespaces: [], protectedNodes: [], ownHost: null, secondPerson: 'required' },
      options: { grantTtlMs: 500, clockSkewMs: 0 },
    } as unknown as GraphDeps
    return await startEffect(deps, { lease, signal: undefined }, { plan, action, attempt, permit })
  }
}

/** How many of this database's transactions hold a lock for writing on a table. */
async function locksOn(table: string): Promise<number> {
  const rows = await sql`
    select 1 from pg_locks where relation = ${table}::regclass and mode = 'RowExclusiveLock' and granted`
  return rows.length
}

/** How many sessions of this database wait for another's lock. */
async function waiting(): Promise<number> {
  const rows = await sql`
    select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
  return rows.length
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  await expect.poll(holds, { timeout: 10_000, interval: 10 }).toBe(true)
}
