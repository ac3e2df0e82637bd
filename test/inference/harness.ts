import { randomBytes } from 'node:crypto'
import { SIGNALS } from '../../src/domain/inference.ts'
import type { BudgetLimits } from '../../src/inference/budget.ts'
import type { ChatAnswer, ChatModel, ChatRequest } from '../../src/inference/chat-model.ts'
import { NO_USAGE } from '../../src/inference/chat-model.ts'
import { type KeptCall, memoryCalls } from '../../src/inference/memory-calls.ts'
import { ModelError } from '../../src/inference/model-error.ts'
import type { Redactor } from '../../src/inference/redaction/redactor.ts'
import { type Ask, type Router, type RouterOptions, router } from '../../src/inference/router.ts'

export const PLENTY: BudgetLimits = {
  incident: { tokens: 1e9, microUsd: 1e9, calls: 1_000 },
  day: { tokens: 1e9, microUsd: 1e9 },
  month: { tokens: 1e9, microUsd: 1e9 },
  keptForCritical: 0.3,
}

export const PRICE = { input: 3, output: 15, cacheRead: 0.3, cacheWrite: 3.75 }

/** A model that answers from a script and keeps what it was asked; it throws on anything unscripted. */
export interface ScriptedModel extends ChatModel {
  asked: ChatRequest[]
}

export type Turn = Partial<ChatAnswer> | ModelError | ((request: ChatRequest) => Partial<ChatAnswer>)

export function scriptedModel(place: 'local' | 'cloud', ...turns: Turn[]): ScriptedModel {
  const asked: ChatRequest[] = []
  return {
    provider: place === 'local' ? 'ollama' : 'anthropic',
    name: place === 'local' ? 'small' : 'large',
    place,
    asked,
    async ask(request) {
      asked.push(request)
      const turn = turns.shift()
      if (turn === undefined) throw new Error(`The ${place} model was asked more often than its script says.`)
      if (turn instanceof ModelError) throw turn
      const said = typeof turn === 'function' ? turn(request) : turn
      return {
        text: '',
        calls: [],
        ended: 'complete',
        usage: { ...NO_USAGE, inputTokens: 100, outputTokens: 10 },
        ...said,
      }
    },
  }
}

/** Lets everything through, and counts. */
export function openRedactor(): Redactor & { asked: number } {
  const redactor = {
    asked: 0,
    async forCloud(request: ChatRequest) {
      redactor.asked += 1
      return { request, restore: (answer: ChatAnswer) => answer, counts: {} }
    },
    forChat: async (texts: readonly string[]) => [...texts],
  }
  return redactor
}

export interface TestRouter {
  router: Router
  calls: readonly KeptCall[]
}

export function testRouter(given: Partial<RouterOptions> & { limits?: BudgetLimits }): TestRouter {
  const now = given.now ?? Date.now
  const book = memoryCalls(given.limits ?? PLENTY, () => new Date(now()))
  const made = router({
    local: undefined,
    cloud: undefined,
    mode: () => 'local_first',
    escalateOn: SIGNALS,
    calls: book,
    redactor: openRedactor(),
    prices: { large: PRICE },
    localSlots: 1,
    localMs: 5_000,
    cloudMs: 5_000,
    now,
    ...given,
  })
  return { router: made, calls: book.calls }
}

/** Asks for the word `good`; anything else does not fit. */
export function askForGood(more: Partial<Ask<string>> = {}): Ask<string> {
  return {
    incident: 1,
    severity: 'warning',
    purpose: 'test',
    prompt: 'test@1',
    neverLeaves: false,
    names: [],
    request: { system: 's', messages: [{ role: 'user', text: 'say good' }], tools: [], maxTokens: 100 },
    judge: ({ text }) =>
      text === 'good'
        ? { ok: true, value: text }
        : { ok: false, signal: 'schema', because: 'It is not good.', repair: 'Say good.' },
    deadlineMs: 5_000,
    ...more,
  }
}

export const KEY = randomBytes(32)
