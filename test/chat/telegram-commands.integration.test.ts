import { afterEach, expect, test } from 'vitest'
import { policyNow } from '../../src/autonomy/policy-setting.ts'
import { modeNow } from '../../src/inference/mode-setting.ts'
import { loadRunbookFolder } from '../../src/knowledge/runbook-folder.ts'
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
    .poll(async () => (await watch.records.refusals()).sort((a, b) => (a.because < b.because ? 1 : -1)))
    .toEqual([
      { actor: 'telegram:1001', what: 'message', because: 'wrote in another chat' },
      { actor: 'telegram:6666', what: 'message', because: 'not on the list of people' },
      { actor: `telegram:${watch.telegram.chatId}`, what: 'message', because: 'an anonymous administrator' },
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

test('a question is taken for whoever is listed, with what it is about; nothing of it is answered here', async () => {
  const watch = await startWatch(after)
  const id = await watch.records.open({ workload: 'radarr' })
  expect(await answerTo(watch, { text: '/ask', from: vera })).toContain('Ask in your own words')
  expect(await answerTo(watch, { text: '/ask #99 why?', from: vera })).toContain('no incident of that number')
  await watch.telegram.say({ text: `/ask@watchkeeper_bot #${id} why does it restart?`, from: vera })
  await expect.poll(() => watch.asked.length).toBe(1)
  const rows = await watch.sql`select kind, incident_id, asked_by, request->>'text' as text from investigations`
  expect(rows).toEqual([{ kind: 'question', incident_id: id, asked_by: 'vera', text: 'why does it restart?' }])
})

const models = {
  status: () => [{ place: 'local' as const, model: 'qwen3:8b', ready: true }],
  mode: 'local_first' as const,
  budget: {
    incident: { tokens: 100_000, microUsd: 500_000, calls: 40 },
    day: { tokens: 1_000_000, microUsd: 1_000_000 },
    month: { tokens: 10_000_000, microUsd: 5_000_000 },
    keptForCritical: 0.3,
  },
}

test('the mode is shown to everybody and set by admins, for all or for one incident, and the ledger has it', async () => {
  const watch = await startWatch(after, { deps: { models } })
  const id = await watch.records.open({ workload: 'radarr' })
  const shown = await answerTo(watch, { text: '/mode', from: vera })
  expect(shown).toContain('the local model first, the cloud where it must (local_first)')
  expect(shown).toContain('local: qwen3:8b, ready')
  expect(await answerTo(watch, { text: '/mode off', from: bob })).toBe(
    'Setting it is for admins; your role is operator.',
  )
  expect(await answerTo(watch, { text: '/mode loud', from: alice })).toContain(
    'There is no mode loud. There are: local_first',
  )
  expect(await answerTo(watch, { text: '/mode local-only', from: alice })).toContain(
    'From now on: the local model alone',
  )
  expect(await answerTo(watch, { text: `/mode #${id} off`, from: alice })).toBe(
    `From now on for #${id}: no model at all (off).`,
  )
  expect(await modeNow(watch.sql, 'local_first')).toBe('local_only')
  expect(await modeNow(watch.sql, 'local_first', id)).toBe('off')
  expect(await answerTo(watch, { text: '/mode default', from: alice })).toContain('(local_first)')
  expect(await modeNow(watch.sql, 'local_first', id)).toBe('off')
  const entries = await watch.sql`
    select incident_id as incident, body->>'from' as "from", body->>'to' as "to", body->>'by' as "by"
    from ledger where kind = 'mode_changed' order by seq`
  expect(entries).toEqual([
    { incident: null, from: 'local_first', to: 'local_only', by: 'alice' },
    { incident: id, from: 'local_only', to: 'off', by: 'alice' },
    { incident: null, from: 'local_only', to: 'local_first', by: 'alice' },
  ])
})

test('the budget says what is gone of the day, the month and an incident, and what is kept', async () => {
  const watch = await startWatch(after, { deps: { models } })
  const id = await watch.records.open({ workload: 'radarr' })
  await watch.sql`
    insert into inference_calls (incident_id, purpose, prompt, provider, model, place, reason, because, status,
      reserved_tokens, reserved_micro_usd, spent_tokens, spent_micro_usd)
    values (${id}, 'answer', 'answer@1', 'anthropic', 'large', 'cloud', 'person', 'x', 'done', 0, 0, 1200, 20000)`
  const all = await answerTo(watch, { text: '/budget', from: vera })
  expect(all).toContain('Today: $0.02 of $1.00, 1200 of 1000000 tokens')
  expect(all).toContain('The last 30 % of day and month are kept for critical incidents.')
  expect(await answerTo(watch, { text: `/budget #${id}`, from: vera })).toContain(`#${id}: $0.02 of $0.50`)
})

test('runbooks are listed with what they may do, and one is shown with its steps, bounded', async () => {
  const { runbooks } = await loadRunbookFolder('runbooks')
  const byId = new Map(runbooks.map((one) => [one.id, one]))
  const watch = await startWatch(after, { deps: { runbooks: () => byId, cluster: 'talos-main' } })
  const [first] = [...byId.values()].filter(({ steps }) => steps.length > 0)
  const list = await answerTo(watch, { text: '/runbooks', from: vera })
  expect(list).toContain(`${first?.id}: `)
  expect(list).toContain('(manual)')
  const one = await answerTo(watch, { text: `/runbook ${first?.id}`, from: vera })
  expect(one).toContain(`Level here: manual, at most ${first?.ceiling}`)
  expect(one).toContain(`1. ${first?.steps[0]?.tool}`)
  expect(one).toContain('Never run here.')
  expect(one.length).toBeLessThan(4_000)
  expect(await answerTo(watch, { text: '/runbook nothing', from: vera })).toContain('There is no runbook nothing')
  expect(await answerTo(watch, { text: '/runbook', from: vera })).toContain('Say which')
})
