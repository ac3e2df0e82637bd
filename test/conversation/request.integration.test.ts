import { afterAll, expect, test } from 'vitest'
import { settleApproval } from '../../src/approvals/approval-store.ts'
import { emptyAnswer } from '../../src/conversation/deps.ts'
import { putToGraph } from '../../src/conversation/request.ts'
import { told } from '../../src/conversation/told.ts'
import { newsFor } from '../../src/graph/news.ts'
import { beginning, type IncidentState, type Wait } from '../../src/graph/state.ts'
import { findInvestigation } from '../../src/investigation/investigation-rows.ts'
import { inTransaction } from '../../src/storage/postgres.ts'
import { bob, recordingAnnouncer, recordingQueue, seedIncident, seedQuestion } from '../approvals/seed.ts'
import { testDatabase } from '../support/postgres.ts'

const db = await testDatabase()
const { sql } = db
afterAll(db.close)

const put = (incident: number, verb: 'choose' | 'modify', params: Record<string, string | number>) =>
  inTransaction(sql, (tx) =>
    putToGraph(
      tx,
      { queue: recordingQueue(), announcer: recordingAnnouncer() },
      { incident, person: bob, verb, params },
    ),
  )
const requests = (incident: number) => sql`select verb, params from requests where incident_id = ${incident}`
const waiting = (incident: number, wait: Wait, more: Partial<IncidentState> = {}): IncidentState => ({
  ...beginning(incident).flow,
  ...more,
  wait,
})

test('an edit is taken while its plan waits, and is told no once somebody has decided', async () => {
  const { incident, plan, approval } = await seedQuestion(sql)
  await settleApproval(sql, { approval: approval.id, verdict: 'rejected', by: 'alice' })
  expect(await put(incident, 'modify', { plan: plan.id, edits: '[]' })).toBe(
    'This plan does not wait for an answer any more. Use the newest card.',
  )
  expect(await requests(incident)).toEqual([])
  const open = await seedQuestion(sql)
  expect(await put(open.incident, 'modify', { plan: open.plan.id, edits: '[]' })).toBeUndefined()
  expect(await requests(open.incident)).toMatchObject([{ verb: 'modify', params: { plan: open.plan.id } }])
})

test('nothing else is planned while another attempt at something in doubt is asked for, and that is said', async () => {
  const { incident, approval } = await seedQuestion(sql)
  await sql`update approvals set attempt = 2 where id = ${approval.id}`
  expect(await put(incident, 'choose', { subject: 'i1', cause: 0 })).toMatch(
    /took place is not known\. Say that on its card/,
  )
  expect(await requests(incident)).toEqual([])
})

test('an edit of another plan is no news for the one that waits now', async () => {
  const { incident, plan, approval } = await seedQuestion(sql)
  const state = waiting(incident, 'decision', { plan: plan.id, approval: approval.id })
  const edit = (of: string) => sql`
    insert into requests (incident_id, verb, params, by)
    values (${incident}, 'modify', ${sql.json({ plan: of, edits: '[]' })}, 'bob')`
  await edit('00000000-0000-4000-8000-000000000000')
  expect(await newsFor(sql, state)).toBeUndefined()
  await edit(plan.id)
  expect(await newsFor(sql, state)).toMatchObject({ status: 'superseded', asked: { params: { plan: plan.id } } })
})

test('what is told is what was found under the lock, where the moment had passed', async () => {
  const [row] = await sql<{ id: string }[]>`
    insert into investigations (kind, asked_by, request, status, report)
    values ('question', 'bob', '{}', 'done', ${sql.json({ ...emptyAnswer(), notes: ['I will propose it.'] })}) returning id`
  const asked = await findInvestigation(sql, row?.id ?? '')
  if (!asked) throw new Error('the question is not there')
  const late = { ...emptyAnswer(), notes: ['It is too late.'] }
  await inTransaction(sql, (tx) => told(asked, emptyAnswer(), async () => late).tell(tx))
  expect((await findInvestigation(sql, asked.id))?.report).toEqual(late)
})

test.each([
  ['running', null, /under way\. Ask again when it is over/],
  ['verifying', null, /under way/],
  ['watching', 'in_doubt', /took place is not known/],
  ['closed', null, /is over/],
])('words for a plan are told no while it is %s with the outcome %s', async (status, outcome, because) => {
  const incident = await seedIncident(sql, status)
  await sql`update incidents set outcome = ${outcome} where id = ${incident}`
  expect(await put(incident, 'choose', { subject: 'i1', cause: 0 })).toMatch(because)
  expect(await requests(incident)).toEqual([])
})

test.each(['snooze', 'ignored', 'watch', 'target'] as const)(
  'words for a plan are taken up while it waits for %s, in their own round alone',
  async (wait) => {
    const incident = await seedIncident(sql, 'snoozed')
    expect(await put(incident, 'choose', { subject: 'i1', cause: 0 })).toBeUndefined()
    const asked = { kind: 'asked', asked: { verb: 'choose', params: { subject: 'i1', round: 1 } } }
    expect(await newsFor(sql, waiting(incident, wait))).toMatchObject(asked)
    const later = (await newsFor(sql, waiting(incident, wait, { round: 2 }))) ?? { kind: 'nothing' }
    expect(later.kind).not.toBe('asked')
  },
)
