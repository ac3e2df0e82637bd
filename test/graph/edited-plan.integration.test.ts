import { afterAll, expect, test } from 'vitest'
import { keepPlan } from '../../src/approvals/plan-store.ts'
import { fromEdits } from '../../src/graph/edited-plan.ts'
import { beginning } from '../../src/graph/state.ts'
import { seedIncident } from '../approvals/seed.ts'
import { action, plan } from '../chat/views.ts'
import { testDatabase } from '../support/postgres.ts'

const db = await testDatabase()
const { sql } = db
afterAll(db.close)

const edit = (field: string, from: string, to: string) => ({ action: 0, field, from, to, input: null })

test('a plan that two people changed one after the other keeps both of them, and what each changed', async () => {
  const incident = await seedIncident(sql, 'waiting')
  const edited = { by: 'alice', of: 'wk1:00', edits: [edit('memory', '1536Mi', '64Gi')] }
  const first = await keepPlan(sql, { ...plan([action()], { edited }).body, incident }, 'alice')
  const edits = [edit('cpu', '1', '2')]
  const [request] = await sql<{ id: number }[]>`
    insert into requests (incident_id, verb, params, by)
    values (${incident}, 'modify', ${sql.json({ plan: first.id, edits: JSON.stringify(edits) })}, 'bob') returning id`
  const state = { ...beginning(incident).flow, basis: String(request?.id), askedBy: 'bob' }
  expect(await fromEdits({ sql }, state)).toMatchObject({
    authors: ['alice'],
    edited: { by: 'bob', of: first.digest, edits, before: [{ by: 'alice', edits: edited.edits }] },
  })
})
