import { afterAll, expect, test } from 'vitest'
import {
  authorizeByApproval,
  castVote,
  findApproval,
  pendingApproval,
  requestApproval,
  settleApproval,
} from '../../src/approvals/approval-store.ts'
import { effectsOf, keepPlan, planOf } from '../../src/approvals/plan-store.ts'
import { testDatabase } from '../support/postgres.ts'
import { pass, seedQuestion } from './seed.ts'

const db = await testDatabase()
const { sql } = db
afterAll(db.close)

test('approve and reject at the same moment, 200 times: the first commit wins, and the second finds nothing', async () => {
  const wins = { approved: 0, rejected: 0 }
  for (let race = 0; race < 200; race++) {
    const { approval } = await seedQuestion(sql)
    const settle = (verdict: 'approved' | 'rejected') =>
      settleApproval(sql, { approval: approval.id, verdict, by: verdict })
    const order = race % 2 === 0 ? (['approved', 'rejected'] as const) : (['rejected', 'approved'] as const)
    const settled = await Promise.all(order.map(settle))
    const winners = settled.filter((one) => one !== undefined)
    expect(winners).toHaveLength(1)
    const stored = await findApproval(sql, approval.id)
    expect(stored?.status).toBe(winners[0]?.status)
    expect(stored?.decidedBy).toBe(winners[0]?.status)
    wins[winners[0]?.status === 'approved' ? 'approved' : 'rejected'] += 1
  }
  expect(wins.approved + wins.rejected).toBe(200)
})

test('a decision after the last moment finds nothing; silence is written down as expired, and not before', async () => {
  const { approval } = await seedQuestion(sql, { ttlMs: 60_000 })
  const settle = (verdict: 'approved' | 'rejected' | 'expired') =>
    settleApproval(sql, { approval: approval.id, verdict, by: 'x' })
  expect(await settle('expired')).toBeUndefined()
  await pass(sql, 60_001)
  expect(await settle('approved')).toBeUndefined()
  expect(await settle('rejected')).toBeUndefined()
  expect((await settle('expired'))?.status).toBe('expired')
  expect(await settle('approved')).toBeUndefined()
})

test('the clock of the database set back does not revive what has expired', async () => {
  const { approval } = await seedQuestion(sql, { ttlMs: 60_000 })
  await pass(sql, 120_000)
  await sql`update clock set high_water = greatest(high_water, clock_timestamp() + test_offset)`
  await pass(sql, -3_600_000)
  expect(await settleApproval(sql, { approval: approval.id, verdict: 'approved', by: 'alice' })).toBeUndefined()
  await pass(sql, 3_600_000)
})

test('a question asked twice is one question, whatever has become of it', async () => {
  const { plan, approval, incident } = await seedQuestion(sql)
  await settleApproval(sql, { approval: approval.id, verdict: 'rejected', by: 'bob' })
  const again = await requestApproval(sql, { plan, actions: [0], attempt: 1, asks: 'one', because: 'other', ttlMs: 1 })
  expect(again).toMatchObject({ id: approval.id, status: 'rejected', decidedBy: 'bob' })
  expect(await pendingApproval(sql, incident)).toBeUndefined()
  const second = await requestApproval(sql, { plan, actions: [0], attempt: 2, asks: 'one', because: 'again', ttlMs: 1 })
  expect(second.id).not.toBe(approval.id)
})

test('an incident never has two open questions', async () => {
  const { plan } = await seedQuestion(sql)
  const ask = requestApproval(sql, { plan, actions: [0], attempt: 2, asks: 'one', because: 'another', ttlMs: 60_000 })
  await expect(ask).rejects.toThrow(/approvals_one_pending/)
})

test('a person votes once for a verdict, and votes stay in order', async () => {
  const { approval } = await seedQuestion(sql, { asks: 'two' })
  const vote = (person: string) => castVote(sql, approval.id, { person, role: 'operator', verdict: 'approve' })
  await Promise.all([vote('bob'), vote('bob'), vote('bob')])
  expect((await vote('anna')).map(({ person }) => person)).toEqual(['bob', 'anna'])
})

test('an approval permits once, until its quarter of an hour is over', async () => {
  const { approval, plan } = await seedQuestion(sql)
  await Promise.all([1, 2, 3].map(() => authorizeByApproval(sql, approval, 900_000)))
  const rows =
    await sql`select actions, approval_id, expires_at - granted_at as life from authorizations where plan_id = ${plan.id}`
  expect(rows).toHaveLength(1)
  expect(rows[0]).toMatchObject({ actions: [0], approval_id: approval.id })
})

test('nothing is permitted by nothing: the table wants an approval or a level', async () => {
  const { plan, incident } = await seedQuestion(sql)
  const insert = sql`
    insert into authorizations (plan_id, incident_id, actions, expires_at) values (${plan.id}, ${incident}, ${[0]}, watch_now())`
  await expect(insert).rejects.toThrow(/check constraint/)
})

test('the first plan of a round stays, whoever makes another', async () => {
  const { plan, incident } = await seedQuestion(sql)
  const other = { ...plan.body, inputs: { namespace: 'elsewhere' } }
  const kept = await Promise.all([keepPlan(sql, other, 'agent'), keepPlan(sql, other, 'agent')])
  expect(kept.map(({ id }) => id)).toEqual([plan.id, plan.id])
  expect((await planOf(sql, incident, 1))?.digest).toBe(plan.digest)
  expect(await effectsOf(sql, plan.id)).toEqual([])
})
