import { afterAll, expect, test } from 'vitest'
import type { ConversationDeps } from '../../../src/conversation/deps.ts'
import { editPlan } from '../../../src/conversation/editing/edit-plan.ts'
import { readPrompt } from '../../../src/inference/prompts.ts'
import type { Investigation } from '../../../src/investigation/investigation-rows.ts'
import { json } from '../../../src/storage/postgres.ts'
import { bob, seedQuestion } from '../../approvals/seed.ts'
import { testDatabase } from '../../support/postgres.ts'

const db = await testDatabase()
const { sql } = db
afterAll(db.close)

test('A13: names of machines in the labels of the incident and of its alerts are placeholders to who reads the words', async () => {
  const { incident, plan } = await seedQuestion(sql)
  await sql`update incidents set labels = ${json(sql, { node: 'attic-01' })} where id = ${incident}`
  await sql`
    update alerts set labels = ${json(sql, { instance: 'nas-cellar:9100' })} where incident_id = ${incident}`
  const asked: { names: readonly string[] }[] = []
  const deps = {
    sql,
    people: () => [bob],
    toolbox: { find: async () => undefined },
    runbooks: () => new Map(),
    neverLeaves: () => false,
    mode: 'cloud_first',
    router: {
      async ask(question: { names: readonly string[] }) {
        asked.push(question)
        return { value: undefined, because: 'No model answered.', tokens: 0, microUsd: 0 }
      },
    },
  } as unknown as ConversationDeps
  const request = { plan: plan.id, text: 'give it more memory', mode: null, deadlineMs: 1_000 }
  const wanted = { id: 'x', incident, askedBy: 'bob', request } as unknown as Investigation
  await editPlan(deps, readPrompt('edit'))(wanted, { signal: new AbortController().signal, progress: () => {} })
  expect(asked.map(({ names }) => [...names].sort())).toEqual([['attic-01', 'nas-cellar']])
})
