import type { CallBook, CallEntry, Opened } from './call-book.ts'
import { type ChatAnswer, type ChatRequest, estimateTokens, NO_USAGE } from './chat-model.ts'
import { within } from './deadline.ts'
import { ModelError } from './model-error.ts'
import { costOf, mostOf, tokensOf } from './prices.ts'
import type { Redacted } from './redaction/redactor.ts'
import type { Ask, Tally, Trying } from './router.ts'

/** Why nothing came, in a sentence for people; or what came, readable again. */
export type Called = { answer: ChatAnswer } | { failed: string }

/**
 * One call of one model: the breaker, the slot, the redaction, the reservation, the call, the settlement. Nothing reaches a
 * model in the cloud that the redactor has not vouched for.
 */
export async function callModel<T>(
  trying: Trying,
  ask: Ask<T>,
  request: ChatRequest,
  { repair, tally }: { repair: boolean; tally: Tally },
): Promise<Called> {
  const { seat, until, now } = trying
  const waitMs = seat.breaker.closedFor()
  if (waitMs > 0)
    return { failed: `${seat.model.name} has failed too often; it is asked again in ${Math.ceil(waitMs / 1_000)} s.` }
  const options = { deadlineMs: Math.min(until - now(), seat.mostMs), ...(ask.signal && { signal: ask.signal }) }
  if (options.deadlineMs <= 0) return { failed: 'The time for it is over.' }
  const signal = within(options)
  const started = now()
  try {
    const work = async (): Promise<Called> => {
      const prepared = await prepare(trying, ask, request)
      if ('failed' in prepared) return prepared
      const left = { ...options, deadlineMs: options.deadlineMs - (now() - started) }
      return await reserved(trying, ask, prepared, { repair, tally, left })
    }
    return await (seat.slots ? seat.slots.run(signal, options, work) : work())
  } catch (error) {
    if (error instanceof ModelError) return { failed: error.message }
    throw error
  }
}

async function prepare<T>(
  { seat, redactor }: Trying,
  ask: Ask<T>,
  request: ChatRequest,
): Promise<Redacted | { failed: string }> {
  if (seat.model.place === 'local') return { request, restore: (answer) => answer, counts: {} }
  if (ask.neverLeaves) return { failed: 'Its labels keep this incident at home.' }
  if (!seat.price) return { failed: `There is no price for ${seat.model.name}. Add it to MODEL_PRICES.` }
  try {
    return await redactor.forCloud(request, ask.names)
  } catch {
    return { failed: 'The cloud was not asked, because the search for secrets failed.' }
  }
}

interface Making {
  repair: boolean
  tally: Tally
  left: { deadlineMs: number; signal?: AbortSignal }
}

async function reserved<T>(trying: Trying, ask: Ask<T>, redacted: Redacted, making: Making): Promise<Called> {
  const { seat, calls } = trying
  const entry = entryOf(trying, ask, redacted, making.repair)
  const opened = await openExactly(trying, calls, entry, redacted, making)
  if ('refused' in opened) return { failed: opened.refused }
  const {
    seat: { breaker, model },
    now,
    observe = plainly,
  } = trying
  const started = now()
  making.tally.calls += 1
  breaker.begin()
  try {
    const answer = await observe(`inference:${model.place}`, () => model.ask(redacted.request, making.left))
    breaker.succeeded()
    const microUsd = seat.price && model.place === 'cloud' ? costOf(answer.usage, seat.price) : 0
    const tokens = tokensOf(answer.usage)
    await calls.close(opened.id, { usage: answer.usage, microUsd, tokens, latencyMs: now() - started })
    making.tally.tokens += tokens
    making.tally.microUsd += microUsd
    return { answer: redacted.restore(answer) }
  } catch (error) {
    const failure =
      error instanceof ModelError ? error : new ModelError('failed', `${model.name} failed.`, { cause: error })
    breaker.failed(failure)
    // What may have been worked on may be on the bill: it counts in full.
    const tokens = failure.mayCost ? opened.tokens : 0
    const microUsd = failure.mayCost ? opened.microUsd : 0
    await calls.close(opened.id, {
      usage: NO_USAGE,
      microUsd,
      tokens,
      latencyMs: now() - started,
      failure: failure.failure,
    })
    making.tally.tokens += tokens
    making.tally.microUsd += microUsd
    return { failed: failure.message }
  }
}

type Reserved = { id: string; tokens: number; microUsd: number } | { refused: string }

/** An estimate is on the high side: before it makes a budget refuse, the provider is asked to count. */
async function openExactly(
  { seat }: Trying,
  calls: CallBook,
  entry: CallEntry,
  { request }: Redacted,
  { left }: Making,
): Promise<Reserved> {
  const first = withAmount(await calls.open(entry), entry)
  if (!('refused' in first) || !seat.model.countTokens || !seat.price) return first
  const input = await seat.model.countTokens(request, left).catch(() => undefined)
  if (input === undefined || input + request.maxTokens >= entry.reservedTokens) return first
  const exact = {
    ...entry,
    reservedTokens: input + request.maxTokens,
    reservedMicroUsd: mostOf({ input, output: request.maxTokens }, seat.price),
  }
  return withAmount(await calls.open(exact), exact)
}

function withAmount(opened: Opened, { reservedTokens, reservedMicroUsd }: CallEntry): Reserved {
  return 'refused' in opened ? opened : { ...opened, tokens: reservedTokens, microUsd: reservedMicroUsd }
}

function entryOf<T>({ seat, step }: Trying, ask: Ask<T>, { request, counts }: Redacted, repair: boolean): CallEntry {
  const input = estimateTokens(request)
  const cloud = seat.model.place === 'cloud'
  return {
    incident: ask.incident,
    critical: ask.severity === 'critical',
    purpose: ask.purpose,
    prompt: ask.prompt,
    provider: seat.model.provider,
    model: seat.model.name,
    place: seat.model.place,
    reason: step.why.reason,
    because: step.why.because,
    repair,
    reservedTokens: input + request.maxTokens,
    reservedMicroUsd: cloud && seat.price ? mostOf({ input, output: request.maxTokens }, seat.price) : 0,
    redacted: counts,
  }
}

async function plainly<T>(_point: string, work: () => Promise<T>): Promise<T> {
  return await work()
}
