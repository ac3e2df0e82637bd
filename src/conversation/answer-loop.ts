import type { Severity } from '../domain/alert.ts'
import type { Answer } from '../domain/answer.ts'
import type { Mode } from '../domain/inference.ts'
import type { ProposedPlan } from '../domain/investigation.ts'
import type { ChatRequest, Message, ToolCall } from '../inference/chat-model.ts'
import type { Prompt } from '../inference/prompts.ts'
import { quoted } from '../inference/quoting.ts'
import type { Routed, Router } from '../inference/router.ts'
import { type EvidenceBook, evidenceBook } from '../investigation/evidence-book.ts'
import type { Looking, LookingTool } from '../investigation/port.ts'
import { answerTool } from './answer-tool.ts'
import { type Held, judgeAnswer, type Turn } from './judge-answer.ts'

export interface AnsweringDeps {
  router: Router
  looking: Looking
  prompt: Prompt
  /** Unix milliseconds. */
  now: () => number
}

/** A question with what is known beforehand. */
export interface Asked {
  incident: number | null
  severity: Severity
  /** Names of machines: to a model in the cloud they are placeholders. */
  names: readonly string[]
  /** Whether nothing of it may leave for the cloud. */
  staysHome: boolean
  /** The person's own words. */
  text: string
  /** Each with its source. Texts of strangers. */
  known: readonly { source: string; text: string }[]
  /** Which of the tools that look may be used. */
  tools: readonly LookingTool[]
  /** What could be proposed, for the model to read: runbooks and changing tools. */
  menu: string
  unfit: (idea: ProposedPlan) => string | undefined
  /** Which models may be asked; read before each time that one is, because people change it meanwhile. */
  mode: () => Promise<Mode>
  deadlineMs: number
  signal: AbortSignal
  onProgress: (line: string) => void
}

/** What a model made of it; `held` is undefined where none could help. */
export type Found = Pick<
  Answer,
  'models' | 'degraded' | 'evidence' | 'unsupported' | 'looks' | 'refused' | 'tokens' | 'microUsd'
> & { held: Held | undefined }

const MOST_LOOKS = 6
const MOST_TURNS = 9
const EVIDENCE_CHARACTERS = 5_000
const ALL_CHARACTERS = 30_000
const ANSWER_TOKENS = 1_500
const LOOK_MS = 10_000

/**
 * Answers one question in a bounded number of looks: the model asks for them one at a time, and what it then says is held
 * against what was seen. Never throws for what a model or a tool did.
 */
export async function findAnswer(deps: AnsweringDeps, asked: Asked): Promise<Found> {
  const run = startOf(asked)
  const until = deps.now() + asked.deadlineMs
  for (let turn = 1; turn <= MOST_TURNS && !asked.signal.aborted && deps.now() < until; turn++) {
    const last = turn === MOST_TURNS || run.found.looks >= MOST_LOOKS || sizeOf(run.book) >= ALL_CHARACTERS
    const next = await askOnce(deps, asked, run, { until, last })
    if (next?.kind !== 'look') {
      run.found.held = next?.held
      run.found.unsupported = next?.held.dropped ?? 0
      break
    }
    await lookAt(deps, asked, run, next.call, until)
  }
  return { ...run.found, evidence: [...run.book.all] }
}

interface Run {
  book: EvidenceBook
  messages: Message[]
  found: Found
}

function startOf({ known, text, menu }: Asked): Run {
  const book = evidenceBook(EVIDENCE_CHARACTERS)
  const evidence = known.map(({ source, text: body }) => quoted(book.add(source, body), EVIDENCE_CHARACTERS))
  const question = `<question>\n${fenced(text)}\n</question>`
  const first = `What is known:\n\n${evidence.join('\n\n')}\n\nWhat could be proposed, if it is asked for:\n${menu}\n\n${question}`
  return {
    book,
    messages: [{ role: 'user', text: first }],
    found: {
      held: undefined,
      models: [],
      degraded: [],
      evidence: [],
      unsupported: 0,
      looks: 0,
      refused: [],
      tokens: 0,
      microUsd: 0,
    },
  }
}

async function askOnce(
  { router, prompt, now }: AnsweringDeps,
  asked: Asked,
  run: Run,
  { until, last }: { until: number; last: boolean },
): Promise<Turn | undefined> {
  const tools = last ? [] : asked.tools
  const request: ChatRequest = {
    system: prompt.text,
    messages: last ? [...run.messages, { role: 'user', text: 'Looking is over. Answer now.' }] : run.messages,
    tools: [...tools, answerTool],
    toolChoice: 'required',
    maxTokens: ANSWER_TOKENS,
  }
  const routed = await router.ask<Turn>({
    incident: asked.incident,
    severity: asked.severity,
    purpose: 'answer',
    prompt: prompt.id,
    mode: await asked.mode(),
    neverLeaves: asked.staysHome,
    names: asked.names,
    request,
    judge: (answer) =>
      judgeAnswer(answer, {
        tools,
        evidence: run.book.all,
        unfit: asked.unfit,
        onRefused: (tool, because) => run.found.refused.push({ tool, because }),
      }),
    deadlineMs: Math.max(1, until - now()),
    signal: asked.signal,
  })
  noteCall(run.found, routed)
  if (routed.value && routed.answer) {
    const { text, calls, carry } = routed.answer
    const [call] = calls
    const kept = carry && calls.length < 2 && { carry }
    run.messages.push({ role: 'assistant', text, calls: call ? [call] : [], ...kept })
  }
  return routed.value
}

/** What a call cost, which model said it and why, and what people should know of it. */
export function noteCall(found: Pick<Found, 'tokens' | 'microUsd' | 'models' | 'degraded'>, routed: Routed<unknown>) {
  found.tokens += routed.tokens
  found.microUsd += routed.microUsd
  const { degraded, by, why } = routed
  if (degraded !== undefined && !found.degraded.includes(degraded)) found.degraded.push(degraded)
  if (by && why && !found.models.some(({ model }) => model === by.model))
    found.models.push({ model: by.model, place: by.place, ...why })
}

async function lookAt(
  { looking, now }: AnsweringDeps,
  { onProgress, signal }: Asked,
  { book, found, messages }: Run,
  { id, name, args }: ToolCall,
  until: number,
): Promise<void> {
  const say = (text: string, failed: boolean) =>
    messages.push({ role: 'tool', call: id, name, text, ...(failed && { failed }) })
  found.looks += 1
  const before = book.of(name, args)
  if (before) {
    say(`You have seen this already: it is ${before.id}.`, true)
    return
  }
  onProgress(`Looking: ${name} …`)
  const deadlineMs = Math.max(1, Math.min(LOOK_MS, until - now()))
  const seen = await looking
    .look(name, args, { deadlineMs, signal })
    .catch((): { ok: false; message: string } => ({ ok: false, message: 'The tool could not be asked.' }))
  const body = seen.ok ? `${seen.summary}\n${JSON.stringify(seen.result)}` : `It answered: ${seen.message}`
  say(quoted(book.addLook(name, args, body), EVIDENCE_CHARACTERS), !seen.ok)
}

function sizeOf({ all }: EvidenceBook): number {
  return all.reduce((sum, { text }) => sum + text.length, 0)
}

/** A question cannot close its own fence, nor open one of evidence. */
export function fenced(text: string): string {
  return text.slice(0, 2_000).replace(/<(?=\/?\s*(?:question|evidence)\b)/gi, '‹')
}
