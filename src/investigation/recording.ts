import { z } from 'zod'
import { SIGNALS } from '../domain/inference.ts'
import { hashOf, type Json, type JsonObject } from '../domain/json.ts'
import type { ChatAnswer, ChatRequest } from '../inference/chat-model.ts'
import type { Ask, Routed, Router } from '../inference/router.ts'
import type { InvestigationDeps } from './investigate.ts'
import { investigator } from './investigate.ts'
import type { Investigator, Looking, LookingTool, Plannable, Question, Seen } from './port.ts'
import type { Report } from './report.ts'

const Answer = z.object({
  text: z.string(),
  calls: z.array(z.object({ id: z.string(), name: z.string(), args: z.record(z.string(), z.json()) })),
  ended: z.enum(['complete', 'length', 'refused']),
})

/** What a request was made of, each by its hash: which of them has changed can be told, and nothing of it is kept. */
const RequestHashes = z.object({ system: z.string(), tools: z.string(), messages: z.string() })

const Turn = z.object({
  request: RequestHashes,
  /** Every answer that was judged, in its order, and what it was judged to be: `ok`, or the signal. */
  answers: z.array(z.object({ answer: Answer, judged: z.string() })),
  /** Which of them was taken; null: none. */
  taken: z.int().nullable(),
  by: z.object({ provider: z.string(), model: z.string(), place: z.enum(['local', 'cloud']) }).nullable(),
  why: z.object({ reason: z.enum(['mode', 'fallback', ...SIGNALS]), because: z.string() }).nullable(),
  because: z.string().nullable(),
  degraded: z.string().nullable(),
  calls: z.int(),
  tokens: z.number(),
  microUsd: z.number(),
  /** Milliseconds since the investigation began. */
  endedMs: z.number(),
})

const Look = z.object({
  tool: z.string(),
  args: z.record(z.string(), z.json()),
  seen: z.union([
    z.object({ ok: z.literal(true), result: z.record(z.string(), z.json()), summary: z.string() }),
    z.object({ ok: z.literal(false), message: z.string() }),
  ]),
  endedMs: z.number(),
})

const PublishedLook = z.object({
  name: z.string(),
  description: z.string(),
  parameters: z.record(z.string(), z.json()),
})

const Recording = z.object({
  /** Of this shape. */
  version: z.literal(1),
  prompt: z.object({ id: z.string(), hash: z.string() }),
  /** Those that were asked, in the order in which they first answered. */
  models: z.array(z.string()),
  question: z.object({
    incident: z.int().nullable(),
    severity: z.enum(['critical', 'warning', 'info', 'none']),
    labels: z.record(z.string(), z.string()),
    annotations: z.record(z.string(), z.string()),
    known: z.array(z.object({ source: z.string(), text: z.string() })),
    required: z.array(z.string()),
    deadlineMs: z.number(),
    /** What could be proposed; absent where nothing could. */
    plannable: z
      .object({
        runbooks: z.array(z.object({ id: z.string(), inputs: z.array(z.string()) })),
        tools: z.array(PublishedLook),
      })
      .optional(),
  }),
  limits: z.record(z.string(), z.number()),
  tools: z.array(PublishedLook),
  turns: z.array(Turn),
  looks: z.array(Look),
  ending: z.string(),
  /** How many secrets were cut out of it before it was kept. */
  cut: z.int(),
})

/**
 * A record of one investigation, from which it can be run again without any network: what was asked, what each model answered,
 * what each look returned, and the versions of prompt and models.
 */
export type InvestigationRecording = z.infer<typeof Recording>
export type RecordedTurn = z.infer<typeof Turn>
export type RecordedLook = z.infer<typeof Look>

/**
 * Reads a record as it was stored, as a text too; undefined where it is none, or one of a shape that is not known any more.
 */
export function readRecording(value: Json): InvestigationRecording | undefined {
  const read = Recording.safeParse(typeof value === 'string' ? parsed(value) : value)
  return read.success ? read.data : undefined
}

/** A record as it is stored: as a text, for the database puts the keys of an object into an order of its own. */
export function storedRecording(recording: InvestigationRecording): Json {
  return JSON.stringify(recording)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Investigates as ever, and writes down what it takes to do so again. What is recorded still holds what was said: see `withoutSecrets`. */
export async function investigateRecorded(
  deps: InvestigationDeps,
  question: Question,
): Promise<{ report: Report; recording: InvestigationRecording }> {
  const started = deps.now()
  const since = () => deps.now() - started
  const turns: RecordedTurn[] = []
  const looks: RecordedLook[] = []
  const tools = { all: [] as readonly LookingTool[] }
  const report = await investigator({
    ...deps,
    router: recordingRouter(deps.router, turns, since),
    looking: recordingLooking(deps.looking, looks, tools, since),
  }).investigate(question)
  const { incident, severity, labels, annotations, known, required, deadlineMs, plannable } = question
  const recording: InvestigationRecording = {
    version: 1,
    prompt: { id: deps.prompt.id, hash: hashOf(deps.prompt.text) },
    models: [...new Set(report.models.map(({ model }) => model))],
    question: {
      ...{ incident, severity, labels, annotations, known: [...known], required: [...required], deadlineMs },
      ...(plannable && { plannable: plannedIn(plannable) }),
    },
    limits: { ...deps.limits },
    tools: recordedTools(tools.all),
    turns,
    looks,
    ending: report.ending,
    cut: 0,
  }
  return { report, recording }
}

function recordedTools(tools: readonly LookingTool[]): InvestigationRecording['tools'] {
  return tools.map((tool) => ({ ...tool, parameters: { ...tool.parameters } })) as InvestigationRecording['tools']
}

function plannedIn({ runbooks, tools }: Plannable): InvestigationRecording['question']['plannable'] {
  return { runbooks: runbooks.map(({ id, inputs }) => ({ id, inputs: [...inputs] })), tools: recordedTools(tools) }
}

/** An investigator that hands each record to whoever keeps it. */
export function recordingInvestigator(
  deps: InvestigationDeps,
  keep: (recording: InvestigationRecording) => void,
): Investigator {
  return {
    async investigate(question) {
      const { report, recording } = await investigateRecorded(deps, question)
      keep(recording)
      return report
    },
  }
}

function recordingRouter(router: Router, turns: RecordedTurn[], since: () => number): Router {
  return {
    status: () => router.status(),
    async ask<T>(ask: Ask<T>): Promise<Routed<T>> {
      const answers: { answer: ChatAnswer; judged: string }[] = []
      const routed = await router.ask<T>({
        ...ask,
        judge(answer) {
          const judgement = ask.judge(answer)
          answers.push({ answer, judged: judgement.ok ? 'ok' : judgement.signal })
          return judgement
        },
      })
      const taken = answers.findIndex(({ answer }) => answer === routed.answer)
      turns.push({
        request: hashesOf(ask.request),
        answers: answers.map(({ answer, judged }) => ({ answer: bare(answer), judged })),
        taken: taken < 0 ? null : taken,
        by: routed.by ?? null,
        why: routed.why ?? null,
        because: routed.because ?? null,
        degraded: routed.degraded ?? null,
        calls: routed.calls,
        tokens: routed.tokens,
        microUsd: routed.microUsd,
        endedMs: since(),
      })
      return routed
    },
  }
}

/** Without what a provider wants back with the next turn: nobody is asked again. */
function bare({ text, calls, ended }: ChatAnswer): RecordedTurn['answers'][number]['answer'] {
  return {
    text,
    ended,
    calls: calls.map(({ id, name, args }) => ({ id, name, args: { ...args } as Record<string, never> })),
  }
}

/** By what it is made of; what a provider wants back unchanged does not count. */
export function hashesOf({ system, tools, messages }: ChatRequest): RecordedTurn['request'] {
  const plain = messages.map((message) => {
    if (message.role !== 'assistant') return message
    const { carry: _carry, ...rest } = message
    return rest
  })
  return { system: hashOf(system), tools: hashOf(tools), messages: hashOf(JSON.parse(JSON.stringify(plain))) }
}

function recordingLooking(
  looking: Looking,
  looks: RecordedLook[],
  into: { all: readonly LookingTool[] },
  since: () => number,
): Looking {
  return {
    async tools() {
      into.all = await looking.tools()
      return into.all
    },
    async look(tool: string, args: JsonObject, options) {
      const seen = await looking
        .look(tool, args, options)
        .catch((): Seen => ({ ok: false, message: 'The tool could not be asked.' }))
      looks.push({ tool, args: { ...args } as Record<string, never>, seen: plainly(seen), endedMs: since() })
      return seen
    },
  }
}

function plainly(seen: Seen): RecordedLook['seen'] {
  if (!seen.ok) return { ok: false, message: seen.message }
  return { ok: true, result: { ...seen.result } as Record<string, never>, summary: seen.summary }
}
