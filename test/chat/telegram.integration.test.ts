import { afterEach, describe, expect, test } from 'vitest'
import { channelBot, groupAnonymousBot } from '../simulators/telegram/types.ts'
import { alice, bob, endings, mallory, startWatch, vera, type Watch, type WatchOptions } from './telegram-watch.ts'

const after = endings()
afterEach(after.run)

async function asked(options?: WatchOptions) {
  const watch = await startWatch(after, options)
  const id = await watch.records.open({ workload: 'radarr' })
  const approval = await watch.records.ask(id)
  const card = await watch.seen(id, 'Approve')
  await watch.quiet()
  return { watch, id, approval, card }
}

async function statusOf({ sql }: Watch, approval: string): Promise<string> {
  const [row] = await sql<{ status: string }[]>`select status from approvals where id = ${approval}`
  return row?.status ?? 'none'
}

async function tokensOf({ sql }: Watch, id: number): Promise<string> {
  const [row] = await sql<{ token: string }[]>`
    select token from buttons where incident_id = ${id} and verb = 'approve' and retired_at is null`
  return row?.token ?? ''
}

test('a press is answered with its outcome, wakes the graph and shows on the card', async () => {
  const { watch, id, approval, card } = await asked()
  const { answer } = await watch.telegram.press({ message_id: card.message_id, text: 'Approve', from: bob })
  expect(await answer).toMatchObject({ text: 'Approved, running.', show_alert: false })
  expect(await statusOf(watch, approval.id)).toBe('approved')
  expect(watch.woken).toContain(id)
  await watch.seen(id, 'Approved')
  expect(
    watch
      .card(id)
      ?.keyboard.flat()
      .map(({ text }) => text),
  ).not.toContain('✅ Approve')
})

test('pressed 50 times at once by two people, and redelivered: one decision, everybody is told whose', async () => {
  const { watch, approval, card } = await asked({ deps: { receivedAfterMs: 10_000 } })
  const presses = await Promise.all(
    Array.from({ length: 50 }, (_, n) =>
      watch.telegram.press({ message_id: card.message_id, text: 'Approve', from: n % 2 ? alice : bob }),
    ),
  )
  for (const { update_id: id } of presses.slice(0, 5)) await watch.telegram.redeliver(id, 3)
  const answers = (await Promise.all(presses.map(({ answer }) => answer))).map((answer) => answer?.text)
  expect(answers.filter((text) => text === 'Approved, running.')).toHaveLength(1)
  expect(answers.filter((text) => /^(alice|bob) approved this already\.$/.test(text ?? ''))).toHaveLength(49)
  expect(new Set(answers).size).toBe(2)
  expect(await watch.sql`select kind from ledger where kind = 'decided'`).toHaveLength(1)
  expect(await statusOf(watch, approval.id)).toBe('approved')
  expect(await watch.sql`select count(*) as taken from updates`).toEqual([{ taken: 50 }])
})

test('a slow press is first answered with Received, exactly once, and the card tells the rest', async () => {
  const release = Promise.withResolvers<void>()
  const { watch, id, card } = await asked({
    deps: { receivedAfterMs: 100 },
    desk: (desk) => ({
      async press(press) {
        await release.promise
        return await desk.press(press)
      },
    }),
  })
  const { answer } = await watch.telegram.press({ message_id: card.message_id, text: 'Approve', from: bob })
  expect(await answer).toMatchObject({ text: expect.stringContaining('Received'), show_alert: false })
  release.resolve()
  await watch.seen(id, 'Approved')
  expect(watch.telegram.answers()).toHaveLength(1)
})

test('presses are answered within a second at five incidents a second', { timeout: 60_000 }, async () => {
  const watch = await startWatch(after)
  const took: number[] = []
  await Promise.all(
    Array.from({ length: 30 }, async (_, n) => {
      await new Promise((resolve) => setTimeout(resolve, n * 200))
      const id = await watch.records.open()
      await watch.records.ask(id)
      const card = await watch.seen(id, 'Approve', 30_000)
      const began = performance.now()
      const { answer } = await watch.telegram.press({ message_id: card.message_id, text: 'Approve', from: bob })
      expect((await answer)?.text).toBe('Approved, running.')
      took.push(performance.now() - began)
    }),
  )
  expect(Math.max(...took)).toBeLessThan(1_000)
})

describe('nothing runs, the presser is answered and it is recorded, when', () => {
  const cases: [
    string,
    Parameters<Watch['telegram']['press']>[0] extends infer P ? Partial<P> : never,
    string,
    RegExp,
  ][] = [
    ['somebody not listed presses', { from: mallory }, 'telegram:6666', /not on the list/],
    ['an anonymous administrator presses', { from: groupAnonymousBot }, 'telegram:1087968824', /your own name/],
    ['a channel presses', { from: channelBot }, 'telegram:136817688', /your own name/],
    ['a bot with a listed id presses', { from: { ...bob, is_bot: true } }, 'telegram:1002', /your own name/],
    ['a viewer presses', { from: vera }, 'telegram:1003', /role is viewer/],
    ['it is pressed in another chat', { from: bob, chat: -1009 }, 'telegram:1002', /another chat/],
    ['it is pressed in another topic', { from: bob, thread: 99_999 }, 'telegram:1002', /another chat/],
    ['a forwarded copy is pressed', { from: bob, forwarded: true }, 'telegram:1002', /forwarded copy/],
    ['the message is inaccessible', { from: bob, inaccessible: true }, 'telegram:1002', /too old/],
    ['it is an inline message', { from: bob, inline: true }, 'telegram:1002', /cannot be used from here/],
    ['the callback data is guessed', { from: bob, data: 'AAAAAAAAAAAAAAAAAAAAAA' }, 'telegram:1002', /not known here/],
    [
      'the callback data is edited',
      { from: bob, data: `approve:${'x'.repeat(40)}` },
      'telegram:1002',
      /not known here/,
    ],
  ]
  test.each(cases)('%s', async (_name, press, actor, told) => {
    const { watch, id, approval, card } = await asked()
    const data = press.data ?? (await tokensOf(watch, id))
    const { answer } = await watch.telegram.press({ message_id: card.message_id, from: bob, ...press, data })
    expect(await answer).toMatchObject({ text: expect.stringMatching(told), show_alert: true })
    expect(await statusOf(watch, approval.id)).toBe('pending')
    expect(await watch.records.refusals()).toEqual([{ actor, what: 'press', because: expect.any(String) }])
    expect(watch.woken).toEqual([])
  })
})

test('whoever guesses at buttons is locked out for a while, and everybody is told once', async () => {
  const { watch, id, approval, card } = await asked()
  const token = await tokensOf(watch, id)
  for (let n = 0; n < 12; n++) {
    const { answer } = await watch.telegram.press({ message_id: card.message_id, data: `guess-${n}`, from: bob })
    await answer
  }
  const { answer } = await watch.telegram.press({ message_id: card.message_id, data: token, from: bob })
  expect((await answer)?.text).toContain('Too many unknown buttons')
  expect(await statusOf(watch, approval.id)).toBe('pending')
  await watch.telegram.waitFor(({ messages }) => messages.find(({ text }) => text.includes('is not listened to')))
  await watch.quiet()
  expect(watch.telegram.messages().filter(({ text }) => text.includes('is not listened to'))).toHaveLength(1)
})

test('a press after the expiry runs nothing and says what to do', async () => {
  const watch = await startWatch(after)
  const id = await watch.records.open()
  const approval = await watch.records.ask(id, { ttlMs: 1 })
  const card = await watch.seen(id, 'Approve')
  const { answer } = await watch.telegram.press({ message_id: card.message_id, text: 'Approve', from: bob })
  expect(await answer).toMatchObject({ text: expect.stringContaining('expired'), show_alert: true })
  expect(await statusOf(watch, approval.id)).toBe('pending')
})

test('an old copy loses its buttons where it is pressed', async () => {
  const watch = await startWatch(after)
  const before = await watch.records.open()
  await watch.seen(before, 'keeps restarting')
  watch.telegram.fail({ method: 'sendMessage', as: 'lost' })
  const id = await watch.records.open()
  const copies = () => watch.telegram.messages().filter(({ text }) => text.includes(`#${id}`))
  await expect.poll(() => copies().length, { timeout: 8_000 }).toBe(2)
  await watch.quiet()
  const [old, live] = copies()
  const { answer } = await watch.telegram.press({ message_id: old?.message_id ?? 0, text: 'More', from: bob })
  expect(await answer).toMatchObject({ text: expect.stringContaining('old copy'), show_alert: true })
  await expect.poll(() => watch.telegram.liveKeyboards().filter(({ text }) => text.includes(`#${id}`))).toHaveLength(1)
  expect(copies().find(({ keyboard }) => keyboard.length > 0)?.message_id).toBe(live?.message_id)
})

test('two people are asked for where the plan wants two; a second press by the same one does not count', async () => {
  const watch = await startWatch(after)
  const id = await watch.records.open()
  const approval = await watch.records.ask(id, { asks: 'two' })
  const card = await watch.seen(id, '1 of 2')
  const press = async (text: string, from: typeof bob) =>
    (await (await watch.telegram.press({ message_id: card.message_id, text, from })).answer)?.text
  expect(await press('1 of 2', bob)).toContain('A second person must approve too')
  await watch.seen(id, '2 of 2')
  expect(await press('2 of 2', bob)).toContain('A second person must approve too')
  expect(await press('2 of 2', alice)).toBe('Approved, running.')
  expect(await statusOf(watch, approval.id)).toBe('approved')
})

test('a watch of one types the name of the target between its two presses', async () => {
  const watch = await startWatch(after)
  const id = await watch.records.open()
  const approval = await watch.records.ask(id, { asks: 'self_two' })
  const card = await watch.seen(id, 'Approve')
  const press = async (text: string) =>
    (await (await watch.telegram.press({ message_id: card.message_id, text, from: bob })).answer)?.text
  expect(await press('Approve')).toContain('type the name of the target')
  await watch.seen(id, 'Confirm')
  await watch.telegram.say({ text: 'sonarr', from: bob })
  const answered = (text: string) =>
    watch.telegram.waitFor(({ messages }) => messages.find((message) => message.text.includes(text)))
  await watch.telegram.say({ text: 'sonarr', from: bob, reply_to: card.message_id })
  await answered('That is not the name to the letter. The card that waits says what to type.')
  await watch.telegram.say({ text: 'restart radarr', from: bob, chat: 'private' })
  await expect
    .poll(() => watch.sql`select asked_by, request from investigations`)
    .toMatchObject([{ asked_by: 'bob', request: { text: 'restart radarr' } }])
  await watch.telegram.say({ text: 'media/radarr', from: bob, reply_to: card.message_id })
  await watch.telegram.waitFor(({ messages }) => messages.find(({ text }) => text.includes('The name is right')))
  expect(await press('Confirm')).toMatch(/^Wait \d+ s more/)
  await watch.sql`update clock set test_offset = '61 seconds'`
  expect(await press('Confirm')).toBe('Approved, running.')
  expect(await statusOf(watch, approval.id)).toBe('approved')
})
