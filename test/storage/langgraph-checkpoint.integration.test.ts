import { Annotation, Command, END, interrupt, START, StateGraph } from '@langchain/langgraph'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openCheckpointer } from '../../src/storage/langgraph-checkpoint.ts'
import { type TestDatabase, testDatabase } from '../support/postgres.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase({ empty: true })
})
afterAll(() => db.close())

const State = Annotation.Root({ answer: Annotation<string> })

function graphOn(saver: ReturnType<typeof openCheckpointer>['saver']) {
  return new StateGraph(State)
    .addNode('ask', () => ({ answer: interrupt<string, string>('may I?') }))
    .addEdge(START, 'ask')
    .addEdge('ask', END)
    .compile({ checkpointer: saver })
}

test('a graph that waits goes on after a restart, from the schema of its own', async () => {
  const thread = { configurable: { thread_id: 'incident-1' }, durability: 'sync' as const }
  const before = openCheckpointer(db.url, { max: 2 })
  await before.setup()
  await before.setup()
  await graphOn(before.saver).invoke({}, thread)
  await before.close()
  await before.close()

  const after = openCheckpointer(db.url, { max: 2 })
  const result = await graphOn(after.saver).invoke(new Command({ resume: 'yes' }), thread)
  await after.close()
  expect(result.answer).toBe('yes')
  const stored = await db.sql`select thread_id from checkpoints.checkpoints`
  expect(new Set(stored.map(({ thread_id }) => thread_id))).toEqual(new Set(['incident-1']))
})
