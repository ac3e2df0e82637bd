import { Annotation, Command, END, interrupt, START, StateGraph } from '@langchain/langgraph'
import { PostgresSaver } from '@langchain/langgraph-checkpoint-postgres'
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

test("a step is kept as the library's own saver keeps it: either reads what the other wrote", async () => {
  const thread = (id: string) => ({ configurable: { thread_id: id }, durability: 'sync' as const })
  const ours = openCheckpointer(db.url, { max: 2 })
  await ours.setup()
  const theirs = PostgresSaver.fromConnString(db.url, { schema: 'checkpoints' })
  await graphOn(ours.saver).invoke({}, thread('begun by ours'))
  await graphOn(theirs).invoke({}, thread('begun by theirs'))
  const answers = await Promise.all([
    graphOn(theirs).invoke(new Command({ resume: 'yes' }), thread('begun by ours')),
    graphOn(ours.saver).invoke(new Command({ resume: 'no' }), thread('begun by theirs')),
  ])
  const [kept] = await db.sql<{ n: number }[]>`
    select count(*) as n from checkpoints.checkpoint_writes
    where thread_id = 'begun by ours' and channel not like '\\_\\_%'`
  await theirs.end()
  await ours.close()
  expect(answers.map(({ answer }) => answer)).toEqual(['yes', 'no'])
  // Only the last step, which their saver wrote, has writes of its own beside its checkpoint.
  expect(kept?.n).toBe(1)
})
