import { afterEach, expect, test } from 'vitest'
import { json } from '../../src/storage/postgres.ts'
import { endings, startWatch } from './telegram-watch.ts'

const after = endings()
afterEach(after.run)

/** A search for secrets that fails while `broken`. */
function search() {
  const state = { broken: true }
  const clean = async (texts: readonly string[]) => {
    if (state.broken) throw new Error('The search for secrets took longer than 5000 ms.')
    return [...texts]
  }
  return { state, clean }
}

test('A13: a card that was withheld is drawn again, with its buttons, when the search for secrets works', async () => {
  const { state, clean } = search()
  const watch = await startWatch(after, { deps: { clean, withheldMs: 100 } })
  const id = await watch.records.open()
  await watch.records.ask(id, { ping: false })
  const { message_id } = await watch.telegram.waitFor(({ messages }) =>
    messages.find(({ text }) => text.includes('is withheld')),
  )
  expect(await watch.sql`select from ledger where kind = 'shown'`).toHaveLength(0)
  state.broken = false
  const card = await watch.seen(id, 'Approve')
  await watch.quiet()
  expect(card.message_id).toBe(message_id)
  expect(watch.telegram.messages()).toHaveLength(1)
  expect(await watch.sql`select from ledger where kind = 'shown'`).toHaveLength(1)
  // The same, where a card that people could read is withheld.
  state.broken = true
  await watch.records.move(id, 'open')
  await expect.poll(() => watch.telegram.messages()[0]?.text).toContain('is withheld')
  state.broken = false
  await watch.seen(id, 'keeps restarting')
  await watch.quiet()
})

test('A13: an answer that was withheld is said later, in the same message', async () => {
  const { state, clean } = search()
  const watch = await startWatch(after, { deps: { clean, withheldMs: 100 } })
  const { sql, telegram } = watch
  const to = { chatId: telegram.chatId, threadId: null, replyTo: null }
  await sql`
    insert into investigations (kind, asked_by, request, answer_to, status, report)
    values ('question', 'bob', '{}', ${json(sql, to)}, 'done', ${json(sql, { failed: 'It came to nothing.' })})`
  await telegram.waitFor(({ messages }) => messages.find(({ text }) => text.includes('is withheld')))
  await expect.poll(async () => (await sql`select from investigations where said_message is not null`).length).toBe(1)
  expect(await sql`select from investigations where told_at is not null`).toHaveLength(0)
  state.broken = false
  await telegram.waitFor(({ messages }) => messages.find(({ text }) => text.includes('came to nothing')))
  await expect.poll(async () => (await sql`select from investigations where told_at is not null`).length).toBe(1)
  expect(telegram.messages()).toHaveLength(1)
})
