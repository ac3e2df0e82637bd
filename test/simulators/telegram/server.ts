import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { type Oracle, openOracle } from '../oracle.ts'
import { createFaults, type Trouble } from './faults.ts'
import { createFeed } from './feed.ts'
import { answerJson, listen } from './http.ts'
import { createMethods } from './methods.ts'
import { dropTopic } from './methods-topics.ts'
import { ApiRefusal, badRequest, integer, type Params, readParams } from './params.ts'
import { createPeople } from './people.ts'
import { renderPhone } from './phone.ts'
import { createRoom } from './room.ts'
import type {
  CallbackAnswer,
  Fault,
  Limits,
  MessageFilter,
  Press,
  Pressed,
  Said,
  Say,
  SimulatedMessage,
  SimulatedTopic,
  TelegramState,
  Update,
} from './types.ts'

export interface TelegramOptions {
  /** file to which one JSON line per call and per delivery is appended */
  oracle?: string
  /** told the same, as it is written; for who runs in this process */
  onRecord?: Oracle
  port?: number
  botToken?: string
  chatId?: number
  /** whether the group has topics, default true */
  forum?: boolean
  /** off by default */
  limits?: Limits
  /** how long a press waits for its answer, default 15 s; later answers get 400 */
  patienceMs?: number
  /** pauses between tries of a webhook, default 200 ms doubling to 5 s (the real one goes further) */
  backoff?: { firstMs: number; capMs: number }
  /** default 30 s */
  webhookTimeoutMs?: number
}

/** A simulated Telegram: its Bot API under `url`, its people and its faults under these methods. */
export interface SimulatedTelegram {
  url: string
  token: string
  chatId: number
  press(press: Press): Promise<Pressed>
  say(say: Say): Promise<Said>
  /** The same update again, `times` times at once (default 1). With webhooks it resolves when all were answered. */
  redeliver(updateId: number, times?: number): Promise<void>
  fail(fault: Fault): void
  /** Takes back all faults, also the waiting times of 429s. */
  mend(): void
  limit(limits: Limits): void
  messages(filter?: MessageFilter): SimulatedMessage[]
  /** messages of the bot whose buttons can be pressed */
  liveKeyboards(): SimulatedMessage[]
  topics(): SimulatedTopic[]
  answers(): CallbackAnswer[]
  updates(): Update[]
  /** calls the bot made before the time a 429 had named */
  earlyCalls(): number
  /** somebody deletes a topic, or a message */
  deleteTopic(thread: number): void
  deleteMessage(messageId: number): void
  /** somebody throws the bot out of the group, or lets it in again */
  kick(out?: boolean): void
  /** somebody takes or gives the bot the right to manage topics */
  allowTopics(allowed: boolean): void
  /** Resolves with the predicate's first truthy value; looks again at every change. Rejects after `timeoutMs` (5 s). */
  waitFor<T>(predicate: (state: TelegramState) => T, options?: WaitOptions): Promise<NonNullable<T>>
  renderPhone(message: SimulatedMessage): string
  stop(): Promise<void>
}

export interface WaitOptions {
  timeoutMs?: number
  /** named in the error, e.g. 'a card with Approve' */
  for?: string
}

/** Starts a simulated Telegram on 127.0.0.1, ready when the promise resolves. */
export async function startTelegram(options: TelegramOptions = {}): Promise<SimulatedTelegram> {
  const token = options.botToken ?? '700100200:simulated-telegram-bot-token-0001'
  const chatId = options.chatId ?? -1001000200300
  const write = openOracle(options.oracle, 'telegram')
  const record: Oracle = (entry) => {
    write(entry)
    options.onRecord?.({ at: Date.now(), ...entry })
  }
  const me = {
    id: Number.parseInt(token, 10) || 1,
    is_bot: true,
    first_name: 'Watchkeeper',
    username: 'watchkeeper_bot',
  }
  const room = createRoom({ chatId, me, forum: options.forum ?? true })
  const faults = createFaults(options.limits ?? {})
  const ending = new AbortController()
  const feed = createFeed({
    backoff: options.backoff ?? { firstMs: 200, capMs: 5_000 },
    webhookTimeoutMs: options.webhookTimeoutMs ?? 30_000,
    onDelivery: (delivery) => record({ call: 'deliver', ...delivery }),
    onWebhookReply: ({ method, ...params }) => {
      perform(String(method), params, ending.signal).catch(() => undefined)
    },
  })
  const methods = createMethods({ room, feed })
  const people = createPeople({ room, feed, patienceMs: options.patienceMs ?? 15_000 })

  async function perform(name: string, params: Params, signal: AbortSignal): Promise<unknown> {
    const method = methods.get(name.toLowerCase())
    if (!method) throw new ApiRefusal(404, 'Not Found: method not found')
    try {
      const result = await method(params, signal)
      const { message_id } = (typeof result === 'object' && result !== null ? result : {}) as { message_id?: number }
      const noteworthy = name.toLowerCase() !== 'getupdates'
      if (noteworthy) record({ call: name, params, status: 200, ...(message_id ? { message_id } : {}) })
      return result
    } catch (error) {
      if (error instanceof ApiRefusal) record({ call: name, params, status: error.code, error: error.message })
      throw error
    }
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController()
    response.on('close', () => gone.abort())
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
    const [, given, name] = /^\/bot([^/]+)\/(\w+)$/.exec(decodeURIComponent(pathname)) ?? []
    if (given === undefined || name === undefined) return refuse(response, new ApiRefusal(404, 'Not Found'))
    if (given !== token) {
      record({ call: name, status: 401, error: 'Unauthorized' })
      return refuse(
        response,
        /^\d+:[\w-]+$/.test(given) ? new ApiRefusal(401, 'Unauthorized') : new ApiRefusal(404, 'Not Found'),
      )
    }
    try {
      const params = await readParams(request, searchParams)
      const trouble = faults.meet({ method: name, chat: integer(params, 'chat_id'), now: Date.now() })
      if (trouble && trouble.as !== 'lost' && trouble.as !== 'taken')
        return await refuseFor(trouble, name, params, response)
      const result = await perform(name, params, gone.signal)
      if (trouble?.as === 'taken') return refuse(response, new ApiRefusal(502, 'Bad Gateway'))
      if (trouble) {
        response.destroy()
        return
      }
      answerJson(response, 200, { ok: true, result })
    } catch (error) {
      refuse(response, error instanceof ApiRefusal ? error : new ApiRefusal(500, `Internal Server Error: ${error}`))
    }
  }

  async function refuseFor(trouble: Trouble, name: string, params: Params, response: ServerResponse): Promise<void> {
    const { as, retryAfter, description = 'refused', early } = trouble
    record({ call: name, params, status: as === 'hang' ? 'hang' : Number(as), ...(early ? { early } : {}) })
    if (as === 'hang') {
      await pause(2 ** 31 - 1, undefined, { signal: ending.signal, ref: false }).catch(() => undefined)
      return
    }
    if (as === '429') {
      const parameters = { retry_after: retryAfter }
      return refuse(response, new ApiRefusal(429, `Too Many Requests: retry after ${retryAfter}`, parameters))
    }
    if (as === '400') return refuse(response, badRequest(description))
    refuse(response, new ApiRefusal(Number(as), as === '500' ? 'Internal Server Error' : 'Bad Gateway'))
  }

  const server = await listen(handle, options.port)
  return {
    url: server.url,
    token,
    chatId,
    press: async (press) => people.press(press),
    say: async (say) => people.say(say),
    redeliver: (updateId, times = 1) => feed.redeliver(updateId, times),
    fail: faults.fail,
    mend: faults.mend,
    limit: faults.limit,
    messages: room.list,
    liveKeyboards: () => room.list().filter(({ keyboard }) => keyboard.length > 0),
    topics: () => room.state().topics,
    answers: () => room.answers,
    updates: feed.all,
    earlyCalls: faults.early,
    deleteTopic(thread) {
      const topic = room.topics.find((candidate) => candidate.thread === thread)
      if (!topic) throw new Error(`There is no topic ${thread} to delete.`)
      dropTopic(room, topic)
    },
    deleteMessage(messageId) {
      const message = room.messages.find(({ message_id }) => message_id === messageId)
      if (!message) throw new Error(`There is no message ${messageId} to delete.`)
      message.deleted = true
      room.changed()
    },
    kick(out = true) {
      room.kicked = out
    },
    allowTopics(allowed) {
      room.canManageTopics = allowed
    },
    waitFor: (predicate, wait) => waitFor(room, predicate, wait),
    renderPhone,
    async stop() {
      ending.abort()
      feed.stop()
      await server.stop()
    },
  }
}

function refuse(response: ServerResponse, { code, message, parameters }: ApiRefusal): void {
  const body = { ok: false, error_code: code, description: message, ...(parameters ? { parameters } : {}) }
  answerJson(response, code, body)
}

function waitFor<T>(
  room: { state(): TelegramState; onChange(listener: () => void): () => void },
  predicate: (state: TelegramState) => T,
  { timeoutMs = 5_000, for: wanted = 'what was waited for' }: WaitOptions = {},
): Promise<NonNullable<T>> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      off()
      const last = room.state().messages.slice(-3).map(renderPhone).join('\n---\n')
      reject(new Error(`Telegram did not see ${wanted} within ${timeoutMs} ms. The last messages:\n${last || 'none'}`))
    }, timeoutMs)
    const off = room.onChange(look)
    function look(): void {
      try {
        const value = predicate(room.state())
        if (!value) return
        clearTimeout(timer)
        off()
        resolve(value)
      } catch (error) {
        clearTimeout(timer)
        off()
        reject(error)
      }
    }
    look()
  })
}
