import { randomUUID } from 'node:crypto'
import { approvalDesk } from '../../src/approvals/desk.ts'
import { startTelegram, type Telegram, type TelegramDeps } from '../../src/chat/telegram-bot.ts'
import { type ChatTopics, chatTopics } from '../../src/chat/topics.ts'
import { topicPlan } from '../../src/config/topics.ts'
import type { TelegramConfig } from '../../src/config.ts'
import type { Person } from '../../src/domain/person.ts'
import type { ApprovalDesk } from '../../src/domain/press.ts'
import { type Announcer, announcer as announcerFor } from '../../src/incidents/announce.ts'
import { connect, type Sql } from '../../src/storage/postgres.ts'
import type { Queue } from '../../src/storage/queue.ts'
import {
  type SimulatedTelegram,
  startTelegram as simulate,
  type TelegramOptions,
} from '../simulators/telegram/server.ts'
import type { SimulatedMessage } from '../simulators/telegram/types.ts'
import { type TestDatabase, testDatabase } from '../support/postgres.ts'
import { type Records, records } from './records.ts'

export const alice = { id: 1001, first_name: 'Alice' }
export const bob = { id: 1002, first_name: 'Bob' }
export const vera = { id: 1003, first_name: 'Vera' }
/** Calls herself like one who is listed. */
export const mallory = { id: 6666, first_name: 'Alice', username: 'alice' }

export const people: readonly Person[] = [
  { name: 'alice', telegramId: alice.id, role: 'admin' },
  { name: 'bob', telegramId: bob.id, role: 'operator' },
  { name: 'vera', telegramId: vera.id, role: 'viewer' },
]

export interface WatchOptions {
  telegram?: Partial<TelegramConfig>
  simulator?: TelegramOptions
  deps?: Partial<TelegramDeps>
  config?: Partial<Omit<TelegramDeps['config'], 'telegram'>>
  /** Puts something before the desk. */
  desk?: (desk: ApprovalDesk) => ApprovalDesk
  /** False: nothing speaks until `replica()`. */
  start?: boolean
}

/** A database, a simulated Telegram and replicas that speak in it. */
export interface Watch {
  sql: Sql
  telegram: SimulatedTelegram
  records: Records
  announcer: Announcer
  /** What the desk enqueued: incidents whose graphs were woken. */
  woken: number[]
  /** What was to be looked into: the jobs, which nobody takes here. */
  asked: { queue: string; data: object }[]
  /** What was logged, a line each. */
  log: string[]
  replica(): Telegram
  /** Topics of the chat as one more replica would have them. */
  topics(make: (name: string) => Promise<number>): ChatTopics
  /** The newest message of the bot that shows this incident. */
  card(incident: number): SimulatedMessage | undefined
  /** Waits for a card with this text, or a button with it. */
  seen(incident: number, text: string, timeoutMs?: number): Promise<SimulatedMessage>
  /** Waits until nothing is left to be said. */
  quiet(timeoutMs?: number): Promise<void>
}

/** Ends what a test started, last first; call it after each test. */
export function endings(): { add(end: () => Promise<unknown>): void; run(): Promise<void> } {
  const all: (() => Promise<unknown>)[] = []
  return {
    add: (end) => all.push(end),
    async run() {
      for (const end of all.splice(0).reverse()) await end()
    },
  }
}

export async function startWatch(after: ReturnType<typeof endings>, options: WatchOptions = {}): Promise<Watch> {
  const db: TestDatabase = await testDatabase({ max: 6 })
  after.add(db.close)
  const telegram = await simulate(options.simulator)
  after.add(telegram.stop)
  const { sql } = db
  const announcer = announcerFor(['telegram'])
  const woken: number[] = []
  const asked: Watch['asked'] = []
  const queue = recordingQueue(woken, asked)
  const log: string[] = []
  const write = (about: object, message: string) => {
    const { err } = about as { err?: unknown }
    log.push(err instanceof Error ? `${message}: ${err.message}` : message)
  }

  function replica(): Telegram {
    const own = connect(db.url, { max: 6, applicationName: 'watchkeeper-replica' })
    const desk = approvalDesk({
      sql: own,
      queue,
      announcer,
      options: { authorizationTtlMs: 900_000, people: () => people },
    })
    const running = startTelegram({
      sql: own,
      queue,
      desk: options.desk?.(desk) ?? desk,
      announcer,
      people: () => people,
      runbookOf: () => undefined,
      consoleLink: async (person) => `http://127.0.0.1:8484/login?as=${person.name}&once=${randomUUID()}`,
      log: { info: write, warn: write, error: write },
      dutyTtlMs: 2_000,
      timeoutSeconds: 2,
      ...options.deps,
      config: {
        publicUrl: undefined,
        instanceName: 'watch',
        timezone: 'UTC',
        quietHours: undefined,
        authorizationTtlMs: 900_000,
        ...options.config,
        telegram: {
          botToken: telegram.token,
          chatId: telegram.chatId,
          apiRoot: telegram.url,
          mode: 'polling',
          webhookSecret: undefined,
          ratePerMinute: 0,
          topics: topicPlan('default'),
          ...options.telegram,
        },
      },
    })
    after.add(async () => {
      await running.stop()
      await own.end({ timeout: 1 })
    })
    return running
  }

  const card = (incident: number) =>
    telegram.messages().findLast(({ text }) => text.includes(`#${incident}`) && text.includes('no model used'))
  const watch: Watch = {
    sql,
    telegram,
    records: records(sql, announcer),
    announcer,
    woken,
    asked,
    log,
    replica,
    topics: (make) =>
      chatTopics({
        sql,
        plan: topicPlan('default'),
        chatId: telegram.chatId,
        make,
        log: { info: write, warn: write, error: write },
      }),
    card,
    seen: (incident, text, timeoutMs = 10_000) =>
      telegram.waitFor(
        () => {
          const found = card(incident)
          const buttons = found?.keyboard.flat().some((button) => button.text.includes(text))
          return found && (found.text.includes(text) || buttons) ? found : undefined
        },
        { timeoutMs, for: `a card #${incident} with "${text}"` },
      ),
    async quiet(timeoutMs = 10_000) {
      const deadline = Date.now() + timeoutMs
      for (let left = await watch.records.unsent(); left.length > 0; left = await watch.records.unsent()) {
        if (Date.now() > deadline) throw new Error(`Still to be said: ${JSON.stringify(left)}\n${log.join('\n')}`)
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    },
  }
  if (options.start !== false) replica()
  return watch
}

function recordingQueue(woken: number[], asked: Watch['asked']): Queue {
  const unscripted = async (): Promise<never> => {
    throw new Error('the chat only enqueues')
  }
  return {
    start: unscripted,
    work: unscripted,
    async enqueue(_tx, name, data) {
      asked.push({ queue: name, data })
    },
    async enqueueMany(_tx, _name, jobs) {
      for (const { data } of jobs) woken.push((data as { incident: number }).incident)
    },
    stop: async () => {},
  }
}
