import { afterEach, expect, test } from 'vitest'
import { policyNow } from '../../src/autonomy/policy-setting.ts'
import type { Say } from '../simulators/telegram/types.ts'
import { groupAnonymousBot } from '../simulators/telegram/types.ts'
import { alice, bob, endings, mallory, startWatch, vera, type Watch } from './telegram-watch.ts'

const after = endings()
afterEach(after.run)

/** Says something and waits for the bot's answer to it. */
async function answerTo({ telegram }: Watch, say: Say): Promise<string> {
  const { message_id: id } = await telegram.say(say)
  const reply = await telegram.waitFor(({ messages }) => messages.find(({ reply_to: to }) => to === id))
  return reply.text
}

test('an admin freezes and thaws; everybody is told, and the ledger has it', async () => {
  const watch = await startWatch(after)
  expect(await answerTo(watch, { text: '/freeze', from: bob })).toBe('That is for admins; your role is operator.')
  expect(await policyNow(watch.sql)).toBe('VERBOSE')
  expect(await answerTo(watch, { text: '/freeze@watchkeeper_bot now', from: alice })).toContain('Frozen')
  expect(await policyNow(watch.sql)).toBe('FROZEN')
  const notice = await watch.telegram.waitFor(({ messages }) =>
    messages.find(({ text }) => text.includes('alice froze everything')),
  )
  expect(notice.silent).toBe(false)
  expect(await answerTo(watch, { text: '/freeze', from: alice })).toContain('It is so already')
  expect(await answerTo(watch, { text: '/thaw', from: alice })).toContain('Thawed')
  expect(await policyNow(watch.sql)).toBe('VERBOSE')
  const entries =
    await watch.sql`select body->>'from' as "from", body->>'to' as "to", body->>'by' as "by" from ledger order by seq`
  expect(entries).toEqual([
    { from: 'VERBOSE', to: 'FROZEN', by: 'alice' },
    { from: 'FROZEN', to: 'VERBOSE', by: 'alice' },
  ])
})

test('status, incidents and help are answered in a few lines', async () => {
  const watch = await startWatch(after)
  expect(await answerTo(watch, { text: '/incidents', from: vera })).toBe('Nothing is open.')
  const id = await watch.records.open({ workload: 'radarr' })
  await watch.records.ask(id, { ping: false })
  await watch.seen(id, 'Approve')
  await watch.quiet()
  expect(await answerTo(watch, { text: '/incidents', from: vera })).toBe(
    `🟠 #${id} radarr keeps restarting: waiting for an answer`,
  )
  expect(await answerTo(watch, { text: '/status', from: vera })).toMatch(
    /everything is asked for.*\nOpen: 1 \(1 waiting for an answer\)\nEverything has been said here\./,
  )
  expect(await answerTo(watch, { text: '/help', from: vera })).toContain('/freeze')
})

test('the link into the console goes to the person alone, or says why it cannot', async () => {
  const watch = await startWatch(after)
  expect(await answerTo(watch, { text: '/login', from: bob })).toContain('Open a private chat with me')
  const { message_id: asked } = await watch.telegram.say({ text: '/login', from: bob, chat: 'private' })
  const link = await watch.telegram.waitFor(({ messages }) => messages.find(({ chat }) => chat === bob.id))
  expect(link.text).toContain('/login?as=bob&once=')
  expect(link.preview).toBe(false)
  expect(asked).toBeLessThan(link.message_id)
  expect(await answerTo(watch, { text: '/login', from: bob })).toBe('Sent to you in private.')
  const inGroup = watch.telegram.messages({ chat: watch.telegram.chatId })
  expect(inGroup.some(({ text }) => text.includes('once='))).toBe(false)
})

test('somebody unknown is told once that they are, and never obeyed', async () => {
  const watch = await startWatch(after)
  for (let times = 0; times < 3; times++) {
    await watch.telegram.say({ text: '/freeze', from: mallory })
    await watch.telegram.say({ text: 'hello', from: mallory, chat: 'private' })
  }
  await watch.telegram.say({
    text: '/freeze',
    from: groupAnonymousBot,
    sender_chat: { id: watch.telegram.chatId, type: 'supergroup' },
  })
  await watch.telegram.say({ text: '/freeze', from: alice, chat: -1009 })
  await watch.telegram.say({ text: '/freeze', from: alice, forward: alice })
  await watch.telegram.say({ text: '/freeze@other_bot', from: alice })
  expect(await answerTo(watch, { text: '/help', from: vera })).toContain('/status')
  await expect
    .poll(() => watch.records.refusals())
    .toEqual([
      { actor: 'telegram:6666', what: 'message', because: 'not on the list of people' },
      { actor: `telegram:${watch.telegram.chatId}`, what: 'message', because: 'an anonymous administrator' },
      { actor: 'telegram:1001', what: 'message', because: 'wrote in another chat' },
    ])
  expect(await policyNow(watch.sql)).toBe('VERBOSE')
  const told = watch.telegram.messages().filter(({ text }) => text.includes('not on the list'))
  expect(told).toHaveLength(1)
  expect(watch.telegram.messages({ chat: -1009 })).toEqual([])
})

test('a command that is delivered twice is carried out once', async () => {
  const watch = await startWatch(after)
  const { update_id: update } = await watch.telegram.say({ text: '/freeze', from: alice })
  await expect.poll(() => policyNow(watch.sql)).toBe('FROZEN')
  await answerTo(watch, { text: '/thaw', from: alice })
  await watch.telegram.redeliver(update, 3)
  expect(await answerTo(watch, { text: '/status', from: alice })).toContain('VERBOSE')
})

test('talk among people is none of its business', async () => {
  const watch = await startWatch(after)
  await watch.telegram.say({ text: 'lunch?', from: alice })
  await watch.telegram.say({ text: 'yes', from: mallory })
  expect(await answerTo(watch, { text: '/help', from: vera })).toContain('/status')
  expect(watch.telegram.messages()).toHaveLength(1)
  expect(await watch.records.refusals()).toEqual([])
})
