import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { serve } from '@hono/node-server'
import type { Hono } from 'hono'
import { afterEach, expect, test } from 'vitest'
import { policyNow } from '../../src/autonomy/policy-setting.ts'
import { checkTelegram } from '../../src/chat/telegram-check.ts'
import { telegramWebhook } from '../../src/chat/telegram-webhook.ts'
import { topicPlan } from '../../src/config/topics.ts'
import { alice, bob, endings, startWatch } from './telegram-watch.ts'

const after = endings()
afterEach(after.run)

const secret = 'a-secret-of-Telegram'
const header = 'x-telegram-bot-api-secret-token'

async function serving(): Promise<{ url: string; serve(app: Hono): void }> {
  let app: Hono | undefined
  const server = serve({
    fetch: (request) => app?.fetch(request) ?? new Response(null, { status: 503 }),
    port: 0,
    hostname: '127.0.0.1',
  }) as Server
  if (!server.listening) await once(server, 'listening')
  after.add(async () => {
    server.closeAllConnections()
    server.close()
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    serve(hono) {
      app = hono
    },
  }
}

test('by webhook a press on either replica is taken once and answered', async () => {
  const web = await serving()
  const watch = await startWatch(after, {
    start: false,
    config: { publicUrl: web.url },
    telegram: { mode: 'webhook', webhookSecret: secret },
  })
  const first = watch.replica()
  await expect.poll(() => first.onDuty).toBe(true)
  const second = watch.replica()
  // The one that does not speak takes the updates.
  if (second.webhook) web.serve(second.webhook)
  const id = await watch.records.open()
  await watch.records.ask(id, { ping: false })
  const card = await watch.seen(id, 'Approve')
  const { answer, update_id: update } = await watch.telegram.press({
    message_id: card.message_id,
    text: 'Approve',
    from: bob,
  })
  expect((await answer)?.text).toBe('Approved, running.')
  await watch.telegram.redeliver(update, 5)
  expect(watch.telegram.answers()).toHaveLength(1)
  expect(await watch.sql`select kind from ledger where kind = 'decided'`).toHaveLength(1)
})

test('by webhook a command by name is obeyed by a replica that never had the duty, and comes again while it has no name', async () => {
  const web = await serving()
  const watch = await startWatch(after, {
    start: false,
    config: { publicUrl: web.url },
    telegram: { mode: 'webhook', webhookSecret: secret },
  })
  const first = watch.replica()
  await expect.poll(() => first.onDuty).toBe(true)
  const second = watch.replica()
  if (second.webhook) web.serve(second.webhook)
  const about = `${watch.telegram.url}/bot${watch.telegram.token}/getWebhookInfo`
  await expect.poll(async () => await (await fetch(about)).text()).toContain(web.url)
  watch.telegram.fail({ method: 'getMe', as: '502', times: 'always' })
  await watch.telegram.say({ text: '/freeze@watchkeeper_bot', from: alice })
  await watch.telegram.say({ text: '/thaw@another_bot', from: alice })
  await expect.poll(() => watch.log.some((line) => line.includes('an update could not be taken'))).toBe(true)
  expect(await policyNow(watch.sql)).toBe('VERBOSE')
  watch.telegram.mend()
  await watch.telegram.waitFor(({ messages }) => messages.find(({ text }) => text.includes('alice froze everything')), {
    timeoutMs: 10_000,
  })
  await watch.telegram.say({ text: '@watchkeeper_bot how are things?', from: alice })
  await expect.poll(() => watch.asked.length).toBe(1)
  expect(await policyNow(watch.sql)).toBe('FROZEN')
})

test('what one replica was told to wait, every replica waits', async () => {
  const web = await serving()
  const watch = await startWatch(after, {
    start: false,
    config: { publicUrl: web.url },
    telegram: { mode: 'webhook', webhookSecret: secret },
  })
  const { telegram } = watch
  const first = watch.replica()
  await expect.poll(() => first.onDuty).toBe(true)
  const second = watch.replica()
  if (second.webhook) web.serve(second.webhook)
  await watch.seen(await watch.records.open(), 'keeps restarting')
  await watch.quiet()
  // The one on duty is told, and the other answers.
  telegram.fail({ method: 'sendMessage', as: '429', retry_after: 2 })
  const told = Date.now()
  await watch.records.open()
  await expect.poll(() => watch.sql`select from settings where name like 'pause:%'`).toHaveLength(1)
  const { message_id: asked } = await telegram.say({ text: '/status', from: bob })
  const reply = await telegram.waitFor(({ messages }) => messages.find(({ reply_to: to }) => to === asked))
  expect(reply.sent_at - told).toBeGreaterThanOrEqual(1_950)
  await watch.quiet()
  // The other is told, and the one on duty has a card to show.
  telegram.fail({ method: 'sendMessage', as: '429', retry_after: 2 })
  const [before] = await watch.sql<{ value: number }[]>`select value from settings where name like 'pause:%'`
  await telegram.say({ text: '/status', from: bob })
  await expect
    .poll(
      () => watch.sql`select from settings where name like 'pause:%' and value::text::float > ${before?.value ?? 0}`,
    )
    .toHaveLength(1)
  await watch.seen(await watch.records.open(), 'keeps restarting')
  expect(telegram.earlyCalls()).toBe(0)
})

test.each([
  ['wrong', { [header]: 'something else' }],
  ['absent', {}],
])('a secret that is %s is refused before the body is read', async (_name, headers) => {
  const app = telegramWebhook({ secret, take: async () => {}, onFailure: () => {} })
  let read = false
  const body = new ReadableStream(
    {
      pull(controller) {
        read = true
        controller.enqueue(new TextEncoder().encode('{"update_id":1}'))
        controller.close()
      },
    },
    { highWaterMark: 0 },
  )
  const request = new Request('http://watch/webhooks/telegram', {
    method: 'POST',
    headers,
    body,
    duplex: 'half',
  } as RequestInit)
  expect((await app.request(request)).status).toBe(401)
  expect(read).toBe(false)
})

test('what is no update is 400, too large is 413, what could not be taken comes again', async () => {
  const failures: unknown[] = []
  const take = async () => {
    throw new Error('no database')
  }
  const app = telegramWebhook({ secret, take, onFailure: (error) => failures.push(error) })
  const post = (body: string) =>
    app.request('/webhooks/telegram', {
      method: 'POST',
      headers: { [header]: secret, 'content-length': String(body.length) },
      body,
    })
  expect((await post('{')).status).toBe(400)
  expect((await post('[1]')).status).toBe(400)
  expect((await post(`{"update_id":1,"x":"${'x'.repeat(1_100_000)}"}`)).status).toBe(413)
  expect(failures).toEqual([])
  expect((await post('{"update_id":1}')).status).toBe(503)
  expect(failures).toHaveLength(1)
  expect((await app.request('/webhooks/telegram', { headers: { [header]: secret } })).status).toBe(405)
})

test('the check at start says who the bot is and what is missing, and names what to change', async () => {
  const watch = await startWatch(after, { start: false })
  const config = {
    botToken: watch.telegram.token,
    chatId: watch.telegram.chatId,
    apiRoot: watch.telegram.url,
    mode: 'polling',
    webhookSecret: undefined,
    ratePerMinute: 20,
    topics: topicPlan('default'),
  } as const
  expect(await checkTelegram(config)).toEqual({ ok: true, detail: '@watchkeeper_bot in Operations, with topics' })
  watch.telegram.allowTopics(false)
  expect((await checkTelegram(config)).detail).toContain('right to manage topics')
  expect(await checkTelegram({ ...config, chatId: -5 })).toMatchObject({
    ok: false,
    detail: expect.stringContaining('TELEGRAM_CHAT_ID'),
  })
  expect(await checkTelegram({ ...config, botToken: '1:wrong' })).toMatchObject({
    ok: false,
    detail: expect.stringContaining('TELEGRAM_BOT_TOKEN'),
  })
  expect(await checkTelegram({ ...config, apiRoot: 'http://127.0.0.1:1' })).toEqual({
    ok: false,
    detail: 'Telegram cannot be reached.',
  })
})
