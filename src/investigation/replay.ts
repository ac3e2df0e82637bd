import { hashOf, type JsonObject } from '../domain/json.ts'
import { type ChatAnswer, NO_USAGE } from '../inference/chat-model.ts'
import type { Prompt } from '../inference/prompts.ts'
import type { Ask, Judgement, Routed, Router } from '../inference/router.ts'
import { whyNotProposed } from '../tools/model-plans.ts'
import { type InvestigationLimits, investigator } from './investigate.ts'
import type { Looking, Plannable } from './port.ts'
import { hashesOf, type InvestigationRecording, type RecordedTurn } from './recording.ts'
import type { Report } from './report.ts'

export interface Replayed {
  report: Report
  /** Where it went otherwise than in the record, each in a sentence; none where it is the same. */
  differences: readonly string[]
  /** What each turn was asked, as it is now. */
  requests: readonly RecordedTurn['request'][]
}

/** What a replay stands on of what is there now. */
export interface ReplayDeps {
  prompt: Prompt
}

/**
 * Runs the same investigation on its record, without any network, with the prompt and the judgement of now. Models and tools
 * answer what they answered then; time passes as it did.
 */
export async function replay(recording: InvestigationRecording, { prompt }: ReplayDeps): Promise<Replayed> {
  const { question: recorded, limits, turns, looks, ending } = recording
  const { plannable, ...question } = recorded
  const differences: string[] = []
  const requests: RecordedTurn['request'][] = []
  const clock = { now: 0 }
  const cancel = new AbortController()
  if (hashOf(prompt.text) !== recording.prompt.hash)
    differences.push(
      `The prompt has changed: it was ${recording.prompt.id}, and is ${prompt.id}${prompt.id === recording.prompt.id ? ' with another text' : ''}.`,
    )
  const cutShort = ending === 'cancelled' || ending === 'deadline'
  const stop = () => {
    if (ending === 'cancelled') cancel.abort()
    if (ending === 'deadline') clock.now = question.deadlineMs
  }
  const report = await investigator({
    router: replayedRouter(turns, {
      clock,
      requests,
      differences,
      promptSame: differences.length === 0,
      cutShort,
      stop,
    }),
    looking: replayedLooking(recording, { clock, differences }),
    prompt,
    neverLeaves: () => false,
    limits: limits as Partial<InvestigationLimits>,
    now: () => clock.now,
  }).investigate({
    ...question,
    ...(plannable && { plannable: plannableAgain(plannable) }),
    signals: [],
    signal: cancel.signal,
  })
  if (requests.length < turns.length)
    differences.push(`It ended after ${requests.length} turns, and the record has ${turns.length}.`)
  if (report.looks < looks.length)
    differences.push(`It looked ${report.looks} times, and the record has ${looks.length} looks.`)
  if (recording.cut > 0 && differences.length > 0)
    differences.push(`${recording.cut} texts of this record had secrets cut out of them, which may be why.`)
  if (report.ending !== ending) differences.push(`It ended with ${report.ending}, and in the record with ${ending}.`)
  return { report, differences: [...new Set(differences)], requests }
}

/** By the rules of now; what another server was declared to change then counts as declared. */
function plannableAgain({ runbooks, tools }: NonNullable<InvestigationRecording['question']['plannable']>): Plannable {
  const declared = new Map(tools.map(({ name }) => [name, 'write' as const]))
  return {
    runbooks,
    tools: tools as Plannable['tools'],
    whyNot: (tool, args) => whyNotProposed(tool, args, declared),
  }
}

interface Replaying {
  clock: { now: number }
  differences: string[]
}

function replayedRouter(
  turns: readonly RecordedTurn[],
  {
    clock,
    requests,
    differences,
    promptSame,
    cutShort,
    stop,
  }: Replaying & { requests: RecordedTurn['request'][]; promptSame: boolean; cutShort: boolean; stop(): void },
): Router {
  return {
    status: () => [],
    async ask<T>(ask: Ask<T>): Promise<Routed<T>> {
      const number = requests.length + 1
      const turn = turns[requests.length]
      if (!turn) {
        stop()
        if (!cutShort) differences.push('It wants to go on where the record ends.')
        return nothing('The record ends here.')
      }
      const request = hashesOf(ask.request)
      requests.push(request)
      if (promptSame && request.system !== turn.request.system)
        differences.push(`Turn ${number}: the prompt is another.`)
      if (request.tools !== turn.request.tools) differences.push(`Turn ${number}: other tools are offered.`)
      if (request.messages !== turn.request.messages)
        differences.push(`Turn ${number}: what the model is told is not what it was told then.`)
      clock.now = Math.max(clock.now, turn.endedMs)
      return judgedAgain(ask, turn, number, differences)
    },
  }
}

/** Every recorded answer is judged by the rules of now; the one that was taken then is taken again. */
function judgedAgain<T>(ask: Ask<T>, turn: RecordedTurn, number: number, differences: string[]): Routed<T> {
  const judged = turn.answers.map(({ answer, judged: then }) => {
    const full: ChatAnswer = {
      ...answer,
      calls: answer.calls.map((call) => ({ ...call, args: call.args as JsonObject })),
      usage: NO_USAGE,
    }
    const judgement = ask.judge(full)
    const now = judgement.ok ? 'ok' : judgement.signal
    if (now !== then)
      differences.push(
        `Turn ${number}: an answer that was judged ${then} is judged ${now} now${judgement.ok ? '' : `: ${judgement.because}`}`,
      )
    return { full, judgement }
  })
  const taken = turn.taken === null ? undefined : judged[turn.taken]
  return {
    value: taken && worthOf(taken.judgement),
    answer: taken?.full,
    by: turn.by ?? undefined,
    why: turn.why ?? undefined,
    because: turn.because ?? undefined,
    degraded: turn.degraded ?? undefined,
    calls: turn.calls,
    tokens: turn.tokens,
    microUsd: turn.microUsd,
  }
}

function worthOf<T>(judgement: Judgement<T>): T | undefined {
  return judgement.ok ? judgement.value : judgement.fallback
}

function nothing<T>(because: string): Routed<T> {
  const spent = { calls: 0, tokens: 0, microUsd: 0 }
  return { value: undefined, answer: undefined, by: undefined, why: undefined, because, degraded: undefined, ...spent }
}

/** Looks answer in the order in which they were made; one that was not made then is not found. */
function replayedLooking({ tools, looks }: InvestigationRecording, { clock, differences }: Replaying): Looking {
  const used = new Set<number>()
  return {
    tools: async () => tools as Awaited<ReturnType<Looking['tools']>>,
    async look(tool, args) {
      const at = looks.findIndex((look, i) => !used.has(i) && look.tool === tool && hashOf(look.args) === hashOf(args))
      const look = looks[at]
      if (!look) {
        differences.push(`${tool} is asked what it was not asked then.`)
        return { ok: false, message: 'The record has no answer to this look.' }
      }
      used.add(at)
      clock.now = Math.max(clock.now, look.endedMs)
      return look.seen.ok ? { ...look.seen, result: look.seen.result as JsonObject } : look.seen
    },
  }
}
