import { autoRetry } from '@grammyjs/auto-retry'
import { Api, Bot, BotError } from 'grammy'
import type { Update, UserFromGetMe } from 'grammy/types'
import type { Hono } from 'hono'
import type { Config, TelegramConfig } from '../config.ts'
import type { Button, ButtonSpec, Card } from '../domain/card.ts'
import type { Observe } from '../domain/observe.ts'
import type { Person } from '../domain/person.ts'
import type { ApprovalDesk } from '../domain/press.ts'
import type { Outside, RunbookPages } from '../domain/view.ts'
import type { Announcer } from '../incidents/announce.ts'
import { json, type Sql } from '../storage/postgres.ts'
import type { Queue } from '../storage/queue.ts'
import { buttonKey } from './cards/cards.ts'
import type { CommandDeps } from './commands/command.ts'
import { onDuty } from './duty.ts'
import type { OutboxDeps, OutboxLog } from './outbox/deps.ts'
import { chatGate, type Gate } from './outbox/gate.ts'
import type { Drawn } from './outbox/messenger.ts'
import { type Clean, redactingMessenger } from './outbox/redacting-messenger.ts'
import { resting } from './outbox/resting.ts'
import { signOfLife } from './outbox/sign-of-life.ts'
import { runOutbox } from './outbox.ts'
import { type AnswersDeps, runAnswers, type Speaker } from './telegram-answers.ts'
import { COMMANDS } from './telegram-commands.ts'
import { toMessengerError } from './telegram-errors.ts'
import { telegramHtml } from './telegram-html.ts'
import { telegramMessages } from './telegram-messages.ts'
import { telegramMessenger } from './telegram-messenger.ts'
import { botName } from './telegram-name.ts'
import { ALLOWED_UPDATES, forGrammy, pollUpdates } from './telegram-polling.ts'
import { telegramPresses } from './telegram-presses.ts'
import { telegramSpeaker } from './telegram-speaker.ts'
import { telegramWebhook, WEBHOOK_PATH } from './telegram-webhook.ts'
import { chatTopics } from './topics.ts'

/** How the outbox's rows name this messenger; `announcer` is made for it. */
export const TELEGRAM_CHANNEL = 'telegram'

export interface TelegramDeps {
  config: Pick<Config, 'publicUrl' | 'instanceName' | 'timezone' | 'quietHours' | 'authorizationTtlMs'> & {
    telegram: TelegramConfig
  }
  sql: Sql
  queue: Queue
  desk: ApprovalDesk
  announcer: Announcer
  people: () => readonly Person[]
  runbookOf: RunbookPages
  /** What commands tell of runbooks and models; see there. */
  runbooks?: CommandDeps['runbooks']
  models?: CommandDeps['models']
  cluster?: string
  /** How long a question is worked on before its asker is told so, and between two edits of that. */
  progressAfterMs?: number
  progressEveryMs?: number
  /** What stays at home, and whether there is a cloud to ask; nothing and none unless told. */
  outside?: Outside
  /** A one-time link into the console for a person; undefined where the console is off. */
  consoleLink: (person: Person) => Promise<string | undefined>
  log: OutboxLog
  /** Cuts secrets out of what is sent; nothing is cut unless told. */
  clean?: Clean
  /** After how long what could not be searched for secrets is tried again; 15 s unless told. */
  withheldMs?: number
  /** Wraps `telegram:send`, `telegram:edit` and `telegram:answer`; nothing unless told. */
  observe?: Observe
  /** How long a holder of the duty that is gone keeps the others out; 9 s unless told. */
  dutyTtlMs?: number
  /** How long a call may take; 10 s unless told. */
  timeoutSeconds?: number
  /** How long a presser waits for a first word; 1.5 s unless told. */
  receivedAfterMs?: number
}

export interface Telegram {
  /** The route to serve, where Telegram sends the updates. */
  webhook: Hono | undefined
  /** Whether this replica sends, and polls where there is no webhook. */
  readonly onDuty: boolean
  /** What a person should mend about the chat, in sentences. */
  troubles(): string[]
  /** Lets what is under way end, then hands the duty over. */
  stop(): Promise<void>
}

const DUTY_TTL_MS = 9_000
const INTRODUCE_AGAIN_MS = 10_000
const LONG_POLL_LIMIT_SECONDS = 40

/** Speaks and listens in Telegram: every replica takes webhooks, one at a time sends and polls. Returns at once. */
export function startTelegram(deps: TelegramDeps): Telegram {
  const { sql, config, log, observe = (_point, work) => work() } = deps
  const { telegram } = config
  const { api, patient, poller } = clients(telegram, deps.timeoutSeconds ?? 10)
  const plain = telegramMessenger(api, telegram.chatId)
  const messenger = deps.clean ? redactingMessenger(plain, deps.clean) : plain
  const pauses = keptPauses(sql, telegram.chatId, log)
  const gate = chatGate({
    perMinute: telegram.ratePerMinute,
    onPause: pauses.keep,
    pausedElsewhere: pauses.read,
  })
  const topics = chatTopics({
    sql,
    plan: telegram.topics,
    chatId: telegram.chatId,
    async make(name) {
      // As for lines: an outage makes one topic too many and not one for each try.
      if (gate.doubtful) await signOfLife({ gate, messenger })
      return await gate.run(() => messenger.makeTopic(name))
    },
    log,
  })
  const name = botName(api)
  const troubles = () => [gate.trouble, topics.trouble()].filter((trouble) => trouble !== null)
  const speaking = { api, gate, chatId: telegram.chatId, clean: deps.clean }
  const speaker = telegramSpeaker(speaking)
  const take = updateTaker(deps, { api, gate, speaker, troubles, name })
  const outbox: OutboxDeps = {
    sql,
    channel: TELEGRAM_CHANNEL,
    messenger,
    gate,
    topics,
    draw: drawCard,
    runbookOf: deps.runbookOf,
    ...(deps.outside && { outside: deps.outside }),
    ...(config.publicUrl !== undefined && { publicUrl: config.publicUrl }),
    ...(deps.withheldMs !== undefined && { withheldMs: deps.withheldMs }),
    timezone: config.timezone,
    quietHours: config.quietHours,
    log,
    observe,
  }

  const answers: Omit<AnswersDeps, 'speaker'> = {
    sql,
    chatId: telegram.chatId,
    people: deps.people,
    staysHome: deps.outside?.keepsHome ?? (() => false),
    log,
    ...(deps.withheldMs !== undefined && { withheldMs: deps.withheldMs }),
    ...(deps.progressAfterMs !== undefined && { progressAfterMs: deps.progressAfterMs }),
    ...(deps.progressEveryMs !== undefined && { progressEveryMs: deps.progressEveryMs }),
  }

  async function introduce(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await name()
        const menu = COMMANDS.map(({ command, description }) => ({ command, description }))
        await patient.setMyCommands(menu, undefined, forGrammy(signal))
        if (telegram.mode === 'webhook') await listenByWebhook(patient, config, signal)
        return
      } catch (error) {
        if (!signal.aborted) log.warn({ err: error }, toMessengerError(error).message)
        await resting(INTRODUCE_AGAIN_MS, signal)
      }
    }
  }

  async function work(signal: AbortSignal): Promise<void> {
    log.info({ mode: telegram.mode }, 'this replica speaks in Telegram now')
    await allOrNone(signal, [
      (until) => runOutbox(outbox, until),
      (until) => runAnswers({ ...answers, speaker: telegramSpeaker({ ...speaking, until }) }, until),
      (until) => introduce(until),
      ...(telegram.mode === 'polling' ? [(until: AbortSignal) => pollUpdates({ api: poller, take, log }, until)] : []),
    ])
  }

  const duty = onDuty(
    sql,
    {
      name: 'duty:telegram',
      instance: config.instanceName,
      ttlMs: deps.dutyTtlMs ?? DUTY_TTL_MS,
      onError: (error) => log.warn({ err: error }, 'the duty of speaking in Telegram stumbled'),
    },
    work,
  )
  const webhook =
    telegram.mode === 'webhook' && telegram.webhookSecret !== undefined
      ? telegramWebhook({
          secret: telegram.webhookSecret,
          take,
          onFailure: (error) => log.warn({ err: error }, 'an update could not be taken'),
        })
      : undefined
  return {
    webhook,
    get onDuty() {
      return duty.held
    },
    troubles,
    stop: () => duty.stop(),
  }
}

/** Runs the parts side by side; when one fails the others end too, and then it throws. */
async function allOrNone(signal: AbortSignal, parts: ((signal: AbortSignal) => Promise<void>)[]): Promise<void> {
  const failed = new AbortController()
  const until = AbortSignal.any([signal, failed.signal])
  const ends = await Promise.allSettled(
    parts.map(async (part) => {
      try {
        await part(until)
      } catch (error) {
        failed.abort(error)
        throw error
      }
    }),
  )
  for (const end of ends) if (end.status === 'rejected') throw end.reason
}

/** https://core.telegram.org/bots/api#setwebhook */
async function listenByWebhook(api: Api, { publicUrl, telegram }: TelegramDeps['config'], signal: AbortSignal) {
  const { webhookSecret } = telegram
  if (publicUrl === undefined || webhookSecret === undefined) return
  const options = { secret_token: webhookSecret, allowed_updates: ALLOWED_UPDATES }
  await api.setWebhook(`${publicUrl}${WEBHOOK_PATH}`, options, forGrammy(signal))
}

/**
 * Three ways to the Bot API. What goes to the chat is retried by the outbox alone, which knows the chat's rate, keeps
 * `retry_after` for all of it, and looks for a press before it sends a card again; a plugin that retries under it would
 * send too early and twice. The patient one is for calls that concern no chat, at start.
 */
function clients({ botToken, apiRoot }: TelegramConfig, timeoutSeconds: number) {
  const api = new Api(botToken, { apiRoot, timeoutSeconds })
  const patient = new Api(botToken, { apiRoot, timeoutSeconds })
  patient.config.use(autoRetry({ maxRetryAttempts: 5, maxDelaySeconds: 60 }))
  const poller = new Api(botToken, { apiRoot, timeoutSeconds: LONG_POLL_LIMIT_SECONDS })
  return { api, patient, poller }
}

interface Taking {
  api: Api
  gate: Gate
  speaker: Speaker
  troubles: () => readonly string[]
  name: () => Promise<string>
}

/** Takes an update, however it came: resolves when it is taken for good, rejects when it must come again. */
function updateTaker(
  deps: TelegramDeps,
  { api, gate, speaker, troubles, name }: Taking,
): (update: Update) => Promise<void> {
  const { sql, config, announcer, people, log, observe = (_point, work) => work() } = deps
  const chatId = config.telegram.chatId
  const me = strangerBot(config.telegram.botToken)
  const inChat = <T>(chat: number, call: () => Promise<T>) => {
    const mapped = () =>
      call().catch((error: unknown) => {
        throw toMessengerError(error)
      })
    return chat === chatId ? gate.run(mapped) : mapped()
  }
  const presses = telegramPresses({
    sql,
    desk: deps.desk,
    people,
    chatId,
    log,
    ...(deps.receivedAfterMs !== undefined && { receivedAfterMs: deps.receivedAfterMs }),
    async answer(id, { text, alert, url }) {
      const options = { ...(text !== '' && { text }), show_alert: alert, ...(url !== undefined && { url }) }
      await observe('telegram:answer', () => api.answerCallbackQuery(id, options))
    },
    async strip(messageId) {
      await inChat(chatId, () => api.editMessageReplyMarkup(chatId, messageId))
    },
  })
  const messages = telegramMessages({
    sql,
    queue: deps.queue,
    announcer,
    people,
    chatId,
    log,
    troubles,
    options: { authorizationTtlMs: config.authorizationTtlMs, people },
    runbookOf: deps.runbookOf,
    ...(deps.runbooks && { runbooks: deps.runbooks }),
    ...(deps.models && { models: deps.models }),
    ...(deps.outside && { keepsHome: deps.outside.keepsHome }),
    ...(deps.cluster !== undefined && { cluster: deps.cluster }),
    consoleLink: deps.consoleLink,
    botName: name,
    botId: me.id,
    async write(to, html, secret = false) {
      await speaker.say(to, html, { asItIs: secret })
    },
  })
  const bot = new Bot(config.telegram.botToken, { botInfo: me })
  bot.on('callback_query', (context) => presses(context.callbackQuery, context.update.update_id))
  bot.on('message', (context) => messages(context.message, context.update.update_id))
  return async (update) => {
    try {
      await bot.handleUpdate(update)
    } catch (error) {
      throw error instanceof BotError ? error.error : error
    }
  }
}

/** A card in Telegram's words; a button whose token was used up in this moment is left out until the next drawing. */
function drawCard(card: Card, buttons: readonly Button[]): Drawn {
  const tokens = new Map(buttons.map((button) => [buttonKey(button), button.token]))
  const tokenOf = (spec: ButtonSpec) => tokens.get(buttonKey(spec)) ?? ''
  const { text, reply_markup } = telegramHtml(card, tokenOf)
  const rows = reply_markup.inline_keyboard.map((row) =>
    row.flatMap(({ text: label, callback_data: data }) => (data === '' ? [] : [{ text: label, data }])),
  )
  return { html: text, keyboard: rows.filter((row) => row.length > 0) }
}

/** How long Telegram said to wait, kept where every replica finds it. Who cannot read or write it goes by what it was told itself. */
function keptPauses(sql: Sql, chatId: number, log: OutboxLog) {
  const name = `pause:telegram:${chatId}`
  return {
    async keep(until: number): Promise<void> {
      try {
        await sql`
          insert into settings (name, value, changed_by) values (${name}, ${json(sql, until)}, 'agent')
          on conflict (name) do update set value = excluded.value, changed_at = watch_now()`
      } catch (error) {
        log.warn({ err: error }, 'how long to wait could not be written down')
      }
    },
    async read(): Promise<number> {
      try {
        const [row] = await sql<{ value: number }[]>`select value from settings where name = ${name}`
        return row?.value ?? 0
      } catch {
        return 0
      }
    },
  }
}

/** Who the bot is without asking Telegram, for updates must not wait for that: its id is the token's first half. */
function strangerBot(token: string): UserFromGetMe {
  return {
    id: Number.parseInt(token, 10),
    is_bot: true,
    first_name: 'Watchkeeper',
    username: '',
    can_join_groups: true,
    can_read_all_group_messages: false,
    supports_inline_queries: false,
    can_connect_to_business: false,
    has_main_web_app: false,
    has_topics_enabled: false,
    allows_users_to_create_topics: false,
    can_manage_bots: false,
    supports_join_request_queries: false,
  }
}
