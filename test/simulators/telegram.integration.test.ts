import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Bot, GrammyError, HttpError, InlineKeyboard, webhookCallback } from 'grammy'
import { afterEach, expect, test } from 'vitest'
import { controlOf } from './telegram/control.ts'
import { startTelegram, type TelegramOptions } from './telegram/server.ts'
import { groupAnonymousBot } from './telegram/types.ts'

const alice = { id: 4101, first_name: 'Alice' }
const bob = { id: 4102, first_name: 'Bob' }
const endings: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end()
})

async function start(options?: TelegramOptions) {
  const telegram = await startTelegram(options)
  endings.push(telegram.stop)
  const bot = new Bot(telegram.token, { client: { apiRoot: telegram.url, timeoutSeconds: 5 } })
  bot.catch(() => undefined)
  const send = (text: string, more = {}) => bot.api.sendMessage(telegram.chatId, text, { parse_mode: 'HTML', ...more })
  return { telegram, bot, send }
}

async function poll(bot: Bot): Promise<void> {
  await bot.init()
  const polling = bot.start({ allowed_updates: ['message', 'callback_query'] })
  endings.push(async () => {
    await bot.stop().catch(() => undefined)
    await polling.catch(() => undefined)
  })
}

async function listenFor(bot: Bot, refusals: number): Promise<{ url: string; seen: string[] }> {
  await bot.init()
  const take = webhookCallback(bot, 'http', { secretToken: 'a-secret' })
  const seen: string[] = []
  let left = refusals
  const server = createServer((request, response) => {
    seen.push(String(request.headers['x-telegram-bot-api-secret-token']))
    left -= 1
    if (left >= 0) response.writeHead(503).end()
    else void take(request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  endings.push(async () => server.close())
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, seen }
}

async function errorOf(call: Promise<unknown>): Promise<{ code: number; description: string; parameters: unknown }> {
  const error: unknown = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof GrammyError)) throw new Error(`expected a refusal by Telegram, got ${error}`)
  return { code: error.error_code, description: error.description, parameters: error.parameters }
}

test('a message is kept with its plain text, entities, keyboard, topic and silence', async () => {
  const { telegram, bot, send } = await start()
  const topic = await bot.api.createForumTopic(telegram.chatId, '🔴 Critical Alerts')
  const sent = await send('<b>radarr</b> &lt;oom&gt;\n<pre>- limit: <i>1Gi</i></pre>', {
    message_thread_id: topic.message_thread_id,
    disable_notification: true,
    reply_markup: new InlineKeyboard()
      .text('✅ Approve', 'a:1')
      .text('✖ Reject', 'r:1')
      .row()
      .url('Docs', 'https://example.com'),
  })
  const [message] = telegram.messages({ thread: topic.message_thread_id })
  expect(message).toMatchObject({ message_id: sent.message_id, text: 'radarr <oom>\n- limit: 1Gi', silent: true })
  expect(message?.entities).toEqual([
    { type: 'bold', offset: 0, length: 6 },
    { type: 'pre', offset: 13, length: 12 },
  ])
  expect(sent).toMatchObject({ is_topic_message: true, chat: { id: telegram.chatId, is_forum: true } })
  expect(message && telegram.renderPhone(message)).toBe('radarr <oom>\n- limit: 1Gi\n\n[✅ Approve] [✖ Reject]\n[Docs]')
  expect(telegram.topics()).toMatchObject([{ name: '🔴 Critical Alerts', closed: false }])
})

test('an edit replaces text and keyboard, keeps the history and refuses what changes nothing', async () => {
  const { telegram, bot, send } = await start()
  const { message_id: id } = await send('asked', { reply_markup: new InlineKeyboard().text('Approve', 'a') })
  await bot.api.editMessageText(telegram.chatId, id, 'approved')
  expect(telegram.liveKeyboards()).toEqual([])
  expect(telegram.messages()[0]).toMatchObject({
    text: 'approved',
    edits: [{ text: 'asked', keyboard: [[{ text: 'Approve' }]] }],
  })
  const same = await errorOf(bot.api.editMessageText(telegram.chatId, id, 'approved'))
  expect(same.description).toMatch(/^Bad Request: message is not modified/)
  const missing = await errorOf(bot.api.editMessageText(telegram.chatId, 999, 'x'))
  expect(missing.description).toBe('Bad Request: message to edit not found')
})

test.each([
  ['<blink>x</blink>', 'Unsupported start tag "blink" at byte offset 0'],
  ['é <b>x', 'Can\'t find end tag corresponding to start tag "b"'],
  ['<b>é<i>x</b></i>', 'Unmatched end tag at byte offset 9, expected "</i>", found "</b>"'],
  ['x</b>', 'Unexpected end tag at byte offset 1'],
  ['a <', 'Unclosed start tag at byte offset 2'],
  ['1 < 2 > 0', 'Unsupported start tag "" at byte offset 2'],
  ['<a href="https://example.com>x</a>', 'Unclosed start tag "a" at byte offset 0'],
])('HTML %j is refused', async (html, reason) => {
  const { send } = await start()
  expect(await errorOf(send(html))).toMatchObject({
    code: 400,
    description: `Bad Request: can't parse entities: ${reason}`,
  })
})

test('what the real one would refuse is refused in its words', async () => {
  const { telegram, bot, send } = await start()
  const button = (data: string) => ({ reply_markup: new InlineKeyboard().text('x', data) })
  const many = Array.from({ length: 101 }, (_, i) => [{ text: 'x', callback_data: `${i}` }])
  const refusals = await Promise.all(
    [
      send('x'.repeat(4097)),
      send('<b> </b>'),
      send('x', button('é'.repeat(33))),
      send('x', { reply_markup: { inline_keyboard: many } }),
      send('x', { message_thread_id: 77 }),
      send('x', { reply_parameters: { message_id: 77 } }),
      bot.api.sendMessage(-5, 'x'),
      bot.api.answerCallbackQuery('12345'),
      bot.api.closeForumTopic(telegram.chatId, 77),
    ].map(errorOf),
  )
  expect(refusals.map(({ description }) => description)).toEqual([
    'Bad Request: message is too long',
    'Bad Request: text must be non-empty',
    'Bad Request: BUTTON_DATA_INVALID',
    'Bad Request: reply markup is too long',
    'Bad Request: message thread not found',
    'Bad Request: message to be replied not found',
    'Bad Request: chat not found',
    'Bad Request: query is too old and response timeout expired or query ID is invalid',
    'Bad Request: message thread not found',
  ])
  expect((await send(`<b>${'x'.repeat(4096)}</b>`)).text).toHaveLength(4096)
})

test('a group without topics, a wrong token and a bot thrown out are refused', async () => {
  const { telegram, bot, send } = await start({ forum: false })
  expect(await errorOf(bot.api.createForumTopic(telegram.chatId, 'x'))).toMatchObject({
    description: 'Bad Request: the chat is not a forum',
  })
  const stranger = new Bot('1:wrong', { client: { apiRoot: telegram.url } })
  expect(await errorOf(stranger.api.getMe())).toMatchObject({ code: 401, description: 'Unauthorized' })
  telegram.kick()
  expect(await errorOf(send('x'))).toMatchObject({ code: 403 })
})

test('a press makes the round trip by long polling, and is answered once', async () => {
  const { telegram, bot, send } = await start()
  const again: ReturnType<typeof errorOf>[] = []
  bot.on('callback_query:data', async (ctx) => {
    const text = `${ctx.from.first_name} chose ${ctx.callbackQuery.data}`
    const first = ctx.answerCallbackQuery({ text, show_alert: true })
    again.push(first.then(() => errorOf(ctx.answerCallbackQuery())))
    await first
  })
  await poll(bot)
  const { message_id } = await send('?', { reply_markup: new InlineKeyboard().text('✅ Approve', 'approve:9f3c') })
  const pressed = await telegram.press({ message_id, text: 'Approve', from: alice })
  expect(await pressed.answer).toMatchObject({ text: 'Alice chose approve:9f3c', show_alert: true, from: alice.id })
  expect((await Promise.all(again)).map((refused) => refused.code)).toEqual([400])
})

test('a press makes the round trip by webhook, tried again after 503', async () => {
  const { telegram, bot, send } = await start({ backoff: { firstMs: 10, capMs: 50 } })
  bot.on('callback_query:data', (ctx) => ctx.answerCallbackQuery('done').catch(() => undefined))
  const { url, seen } = await listenFor(bot, 2)
  await bot.api.setWebhook(url, { secret_token: 'a-secret' })
  const { message_id } = await send('?', { reply_markup: new InlineKeyboard().text('Go', 'go') })
  const pressed = await telegram.press({ message_id, text: 'Go', from: bob })
  expect(await pressed.answer).toMatchObject({ text: 'done' })
  expect(seen).toEqual(['a-secret', 'a-secret', 'a-secret'])
  expect(await errorOf(bot.api.getUpdates())).toMatchObject({ code: 409 })
  await telegram.redeliver(pressed.update_id, 3)
  expect(seen).toHaveLength(6)
})

test('forged presses reach the bot as they were forged', async () => {
  const { telegram, bot, send } = await start()
  const { message_id } = await send('?', { reply_markup: new InlineKeyboard().text('Go', 'go') })
  await telegram.press({ message_id, data: 'guess', from: groupAnonymousBot, chat: -42, thread: 5 })
  await telegram.press({ message_id, text: 'Go', from: bob, inaccessible: true })
  await telegram.press({ message_id, text: 'Go', from: bob, forwarded: true })
  await telegram.press({ message_id, data: 'go', from: bob, inline: true })
  const [elsewhere, old, copy, inline] = (await bot.api.getUpdates()).map((update) => update.callback_query)
  expect(elsewhere).toMatchObject({
    data: 'guess',
    from: { id: 1087968824 },
    message: { chat: { id: -42 }, message_thread_id: 5 },
  })
  expect(old?.message).toEqual({ chat: expect.anything(), message_id, date: 0 })
  expect(copy?.message).toHaveProperty('forward_origin')
  expect(inline?.message).toBeUndefined()
  await expect(telegram.press({ message_id, text: 'Stop', from: bob })).rejects.toThrow('its buttons: "Go"')
})

test('updates stay until confirmed, and two pollers at once conflict', async () => {
  const { telegram, bot } = await start()
  const { update_id } = await telegram.say({ text: '/mode local_only now', from: alice })
  const [first] = await bot.api.getUpdates()
  expect(first?.message).toMatchObject({ text: '/mode local_only now', entities: [{ type: 'bot_command', length: 5 }] })
  expect(await bot.api.getUpdates()).toEqual([first])
  const waiting = errorOf(bot.api.getUpdates({ offset: update_id + 1, timeout: 20 }))
  await expect.poll(() => bot.api.getUpdates({ offset: update_id + 1 })).toEqual([])
  expect(await waiting).toMatchObject({ code: 409 })
  await telegram.redeliver(update_id, 2)
  const again = await bot.api.getUpdates({ offset: update_id + 1 })
  expect(again.map((update) => update.update_id)).toEqual([update_id, update_id])
})

test('a private word opens a chat that the bot could not open by itself', async () => {
  const { telegram, bot } = await start()
  expect(await errorOf(bot.api.sendMessage(alice.id, 'link'))).toMatchObject({
    description: 'Bad Request: chat not found',
  })
  await telegram.say({ text: '/login', from: alice, chat: 'private' })
  await bot.api.sendMessage(alice.id, 'link')
  expect(telegram.messages({ chat: alice.id })).toMatchObject([{ text: 'link' }])
})

test('a 429 names the wait, and coming back too early is counted', async () => {
  const { telegram, send } = await start()
  telegram.fail({ method: 'sendMessage', as: '429', retry_after: 30 })
  expect(await errorOf(send('x'))).toMatchObject({ code: 429, parameters: { retry_after: 30 } })
  expect(telegram.earlyCalls()).toBe(0)
  expect(await errorOf(send('x'))).toMatchObject({ code: 429, parameters: { retry_after: 30 } })
  expect(telegram.earlyCalls()).toBe(1)
  telegram.mend()
  await send('x')
  expect(telegram.messages()).toHaveLength(1)
})

test('more than the limit in a minute is refused until the window has room', async () => {
  const { send } = await start({ limits: { perChatPerMinute: 3 } })
  for (const text of ['1', '2', '3']) await send(text)
  const refused = await errorOf(send('4'))
  expect(refused).toMatchObject({ code: 429, parameters: { retry_after: 60 } })
})

test('a lost answer leaves the message in the chat, errors and silence do not', async () => {
  const { telegram, bot, send } = await start()
  telegram.fail({ method: 'sendMessage', as: 'lost' })
  await expect(send('twice?')).rejects.toBeInstanceOf(HttpError)
  telegram.fail({ method: '*', as: '502' })
  expect(await errorOf(send('never'))).toMatchObject({ code: 502 })
  telegram.fail({ method: 'sendMessage', as: 'hang' })
  await expect(bot.api.sendMessage(telegram.chatId, 'never', {}, AbortSignal.timeout(50) as never)).rejects.toThrow()
  expect(telegram.messages().map(({ text }) => text)).toEqual(['twice?'])
})

test('links that people could tap are found, and previews are known', async () => {
  const { telegram, send } = await start()
  await send('see https://evil.example/a?b and <code>https://quiet.example</code>')
  await send('see https://evil.example', { link_preview_options: { is_disabled: true } })
  const [shown, off] = telegram.messages()
  expect(shown?.entities.filter(({ type }) => type === 'url')).toEqual([{ type: 'url', offset: 4, length: 24 }])
  expect([shown?.preview, off?.preview]).toEqual([true, false])
})

test('multipart and urlencoded calls are understood, as uploads send them', async () => {
  const { telegram } = await start()
  const call = (body: FormData | URLSearchParams) =>
    fetch(`${telegram.url}/bot${telegram.token}/sendMessage`, { method: 'POST', body }).then((answer) => answer.json())
  const form = new FormData()
  form.set('chat_id', String(telegram.chatId))
  form.set('text', 'a\r\nb')
  form.set('reply_markup', JSON.stringify({ inline_keyboard: [[{ text: 'Go', callback_data: 'go' }]] }))
  expect(await call(form)).toMatchObject({
    ok: true,
    result: { reply_markup: { inline_keyboard: [[{ text: 'Go' }]] } },
  })
  const fields = new URLSearchParams({ chat_id: String(telegram.chatId), text: 'c', disable_notification: 'true' })
  expect(await call(fields)).toMatchObject({ ok: true })
  expect(telegram.messages()[1]).toMatchObject({ text: 'c', silent: true })
})

test('as a process it is steered over HTTP and writes what it saw to the oracle', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'telegram-'))
  endings.push(() => rm(folder, { recursive: true }))
  const oracle = join(folder, 'oracle.jsonl')
  const main = new URL('./telegram/main.ts', import.meta.url).pathname
  const child = spawn(process.execPath, [main, '--oracle', oracle, '--chat-id', '-77'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  endings.push(async () => {
    const ended = child.exitCode === null && once(child, 'exit')
    child.kill()
    await ended
  })
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
  const ready = JSON.parse(line) as { url: string; control: string; token: string; chatId: number }
  const control = controlOf(ready.control)
  const bot = new Bot(ready.token, { client: { apiRoot: ready.url } })
  bot.on('callback_query', (ctx) => ctx.answerCallbackQuery('seen'))
  await poll(bot)
  await bot.api.sendMessage(ready.chatId, 'hello', { reply_markup: new InlineKeyboard().text('Go', 'go') })
  const card = await control.waitFor(({ messages }) => messages.find(({ text }) => text === 'hello'))
  const pressed = await control.press({ message_id: card.message_id, text: 'Go', from: alice })
  expect(await pressed.answer).toMatchObject({ text: 'seen' })
  await expect(control.press({ message_id: 1, text: 'Go', from: alice })).rejects.toThrow('no message 1')
  const lines = (await readFile(oracle, 'utf8'))
    .trim()
    .split('\n')
    .map((entry) => JSON.parse(entry))
  expect(lines).toContainEqual(
    expect.objectContaining({ simulator: 'telegram', call: 'sendMessage', message_id: card.message_id, status: 200 }),
  )
  expect(lines).toContainEqual(
    expect.objectContaining({ call: 'deliver', update_id: pressed.update_id, kind: 'callback_query' }),
  )
  expect(lines).toContainEqual(expect.objectContaining({ call: 'answerCallbackQuery' }))
})
