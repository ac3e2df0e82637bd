import type { Severity } from '../domain/alert.ts'
import type { Observe } from '../domain/observe.ts'
import { type Breaker, breaker } from './breaker.ts'
import type { CallBook } from './call-book.ts'
import { type Called, callModel } from './call-model.ts'
import type { ChatAnswer, ChatModel, ChatRequest, Message } from './chat-model.ts'
import type { Price, PriceTable } from './prices.ts'
import type { Redactor } from './redaction/redactor.ts'
import {
  afterwards,
  type Circumstances,
  first,
  type Mode,
  type Place,
  type Reason,
  type Signal,
  type Step,
} from './routing.ts'
import { type Slots, slots } from './slots.ts'

/** What an answer is worth. `repair` is what the model is told when it may try once more. */
export type Judgement<T> =
  | { ok: true; value: T }
  | {
      ok: false
      signal: Signal
      because: string
      repair: string
      /** What can be used of it where nobody better can be asked. */
      fallback?: T
    }

export interface Ask<T> {
  incident: number | null
  severity: Severity
  /** What it is for: `investigate`. */
  purpose: string
  /** Prompt and version: `investigate@1`. */
  prompt: string
  mode?: Mode
  /** Whether its labels keep this incident at home. */
  neverLeaves: boolean
  /** Names that become placeholders: hosts and people from labels. */
  names: readonly string[]
  /** Signals that are known before anybody is asked. */
  known?: readonly (Reason & { reason: Signal })[]
  request: ChatRequest
  judge(answer: ChatAnswer): Judgement<T>
  deadlineMs: number
  signal?: AbortSignal
}

export interface Routed<T> {
  /** Undefined: no model could help; `because` says why. */
  value: T | undefined
  answer: ChatAnswer | undefined
  by: { provider: string; model: string; place: Place } | undefined
  /** Why this model. */
  why: Reason | undefined
  because: string | undefined
  /** What people should know: a budget is spent, the cloud was not asked. */
  degraded: string | undefined
  calls: number
  tokens: number
  microUsd: number
}

/** Asks the right model for what is needed, within the deadline, and never throws for what a model did. */
export interface Router {
  ask<T>(ask: Ask<T>): Promise<Routed<T>>
  /** One line of what can be asked now, for the table at start and `/mode`. */
  status(): { place: Place; model: string; ready: boolean }[]
}

export interface RouterOptions {
  local: ChatModel | undefined
  cloud: ChatModel | undefined
  mode: () => Mode
  escalateOn: readonly Signal[]
  calls: CallBook
  redactor: Redactor
  prices: PriceTable
  /** Calls of the local model at once. */
  localSlots: number
  /** Milliseconds that one call may take at most. */
  localMs: number
  cloudMs: number
  /** Unix milliseconds. */
  now: () => number
  observe?: Observe
}

/** A model with what is kept about it between calls. */
export interface Seat {
  model: ChatModel
  breaker: Breaker
  slots: Slots | undefined
  price: Price | undefined
  mostMs: number
}

const CLOUD_AT_ONCE = 4

export function router(options: RouterOptions): Router {
  const seats = {
    local: options.local && seatOf(options, options.local, options.localSlots, options.localMs),
    cloud: options.cloud && seatOf(options, options.cloud, CLOUD_AT_ONCE, options.cloudMs),
  }
  return {
    status: () =>
      (['local', 'cloud'] as const).flatMap((place) => {
        const seat = seats[place]
        return seat ? [{ place, model: seat.model.name, ready: seat.breaker.closedFor() === 0 }] : []
      }),
    async ask<T>(ask: Ask<T>): Promise<Routed<T>> {
      const until = options.now() + ask.deadlineMs
      const given: Circumstances = {
        mode: ask.mode ?? options.mode(),
        cloudAllowed: seats.cloud !== undefined && !ask.neverLeaves,
        localThere: seats.local !== undefined,
        known: ask.known ?? [],
        escalateOn: options.escalateOn,
      }
      const tally = { calls: 0, tokens: 0, microUsd: 0 }
      const keptHome =
        seats.cloud !== undefined && ask.neverLeaves ? 'Its labels keep this incident at home.' : undefined
      const start = first(given)
      if (!start) return { ...nobody(nobodyBecause(given.mode, keptHome)), ...tally }
      let step: Step = start
      let spare: Partial<Routed<T>> = {}
      let degraded: string | undefined
      const tried = new Set<Place>()
      for (;;) {
        tried.add(step.place)
        const seat = seats[step.place]
        if (!seat) return { ...nobody('There is no such model.'), ...tally }
        const outcome = await tryOut({ ...options, seat, step, until }, ask, tally)
        if (outcome.ok) return { ...done(outcome, seat, step), degraded, ...tally }
        if (outcome.fallback) spare = done({ ...outcome.fallback }, seat, step)
        const next: Step | undefined = ask.signal?.aborted ? undefined : afterwards(given, step.place, outcome.left)
        if (step.place === 'cloud') degraded = `The cloud did not help: ${outcome.left.because}`
        if (!next || tried.has(next.place) || (next.place === 'local' && spare.value !== undefined)) {
          const because = keptHome ? `${outcome.left.because} ${keptHome}` : outcome.left.because
          return { ...nobody<T>(because), ...spare, degraded: degraded ?? because, ...tally }
        }
        step = next
      }
    },
  }
}

function seatOf({ now, prices }: RouterOptions, model: ChatModel, most: number, mostMs: number): Seat {
  return { model, breaker: breaker(now), slots: slots(most), price: prices[model.name], mostMs }
}

type Outcome<T> =
  | { ok: true; value: T; answer: ChatAnswer }
  | { ok: false; left: Reason & { reason: Signal }; fallback: { value: T; answer: ChatAnswer } | undefined }

export interface Tally {
  calls: number
  tokens: number
  microUsd: number
}

export type Trying = RouterOptions & { seat: Seat; step: Step; until: number }

/** One model, with one repair. */
async function tryOut<T>(trying: Trying, ask: Ask<T>, tally: Tally): Promise<Outcome<T>> {
  let request = ask.request
  for (const repair of [false, true]) {
    const called: Called = await callModel(trying, ask, request, { repair, tally })
    if ('failed' in called)
      return { ok: false, left: { reason: 'unavailable', because: called.failed }, fallback: undefined }
    const judgement = ask.judge(called.answer)
    if (judgement.ok) return { ok: true, value: judgement.value, answer: called.answer }
    if (repair || called.answer.ended === 'refused') {
      const { signal: reason, because, fallback } = judgement
      const spare = fallback === undefined ? undefined : { value: fallback, answer: called.answer }
      return { ok: false, left: { reason, because }, fallback: spare }
    }
    request = { ...request, messages: [...request.messages, ...corrected(called.answer, judgement.repair)] }
  }
  throw new Error('A second answer is always judged.')
}

/** What was answered, and what is wrong with it. Each tool call wants a result of its own. */
function corrected(answer: ChatAnswer, problem: string): Message[] {
  const { text, calls, carry } = answer
  const said: Message = {
    role: 'assistant',
    text: text || (calls.length > 0 ? '' : '(nothing)'),
    calls,
    ...(carry && { carry }),
  }
  if (calls.length === 0) return [said, { role: 'user', text: problem }]
  return [
    said,
    ...calls.map(({ id, name }): Message => ({ role: 'tool', call: id, name, text: problem, failed: true })),
  ]
}

function done<T>({ value, answer }: { value: T; answer: ChatAnswer }, { model }: Seat, { why }: Step) {
  const by = { provider: model.provider, model: model.name, place: model.place }
  return { value, answer, by, why, because: undefined }
}

function nobody<T>(because: string): Omit<Routed<T>, keyof Tally> {
  return { value: undefined, answer: undefined, by: undefined, why: undefined, because, degraded: because }
}

function nobodyBecause(mode: Mode, keptHome: string | undefined): string {
  if (mode === 'off') return 'Models are switched off.'
  return keptHome ? `${keptHome} There is no local model to ask.` : `No model can be asked in the mode ${mode}.`
}
