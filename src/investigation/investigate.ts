import type { ChatRequest, Message, ToolCall } from '../inference/chat-model.ts'
import type { NeverLeaves } from '../inference/never-leaves.ts'
import { namesOf } from '../inference/never-leaves.ts'
import type { Prompt } from '../inference/prompts.ts'
import { quoted } from '../inference/quoting.ts'
import type { Router } from '../inference/router.ts'
import type { Reason, Signal } from '../inference/routing.ts'
import { concludeTool } from './conclude-tool.ts'
import { type EvidenceBook, evidenceBook } from './evidence-book.ts'
import { judgeNext, type Next } from './judge-next.ts'
import { plansText } from './plans.ts'
import type { Investigator, Looking, LookingTool, Question } from './port.ts'
import type { Conclusion, Ending, ModelUse, Report } from './report.ts'

export interface InvestigationDeps {
  router: Router
  looking: Looking
  prompt: Prompt
  neverLeaves: NeverLeaves
  limits?: Partial<InvestigationLimits>
  /** Unix milliseconds. */
  now: () => number
}

export interface InvestigationLimits {
  /** Tool calls, and turns of the model. */
  looks: number
  turns: number
  /** Characters of one piece of evidence, of all of it, and of what is known beforehand. */
  characters: number
  allCharacters: number
  knownCharacters: number
  /** Tokens of one answer. */
  answerTokens: number
  /** Milliseconds of one look. */
  lookMs: number
}

const LIMITS: InvestigationLimits = {
  looks: 12,
  turns: 16,
  characters: 6_000,
  allCharacters: 40_000,
  knownCharacters: 4_000,
  answerTokens: 2_000,
  lookMs: 10_000,
}

/**
 * A bounded investigation: the model asks for looks, one at a time, until it concludes or a limit is reached. It sees quoted
 * data, and reaches tools that only look; what it concludes is held against the evidence before anybody reads it.
 */
export function investigator(deps: InvestigationDeps): Investigator {
  const limits = { ...LIMITS, ...deps.limits }
  return {
    async investigate(question) {
      const run = startOf(await deps.looking.tools().catch(() => []), question, limits)
      const until = deps.now() + question.deadlineMs
      const ending = await turns(deps, limits, question, run, until)
      return reportOf(run, ending)
    },
  }
}

/** What one run has gathered so far. */
interface Run {
  tools: readonly LookingTool[]
  book: EvidenceBook
  messages: Message[]
  looked: Set<string>
  looks: number
  refused: { tool: string; because: string }[]
  conclusion: Conclusion | undefined
  unsupported: number
  models: ModelUse[]
  degraded: Set<string>
  tokens: number
  microUsd: number
  /** Once it has escalated it stays where it is: half a conversation is no use to anybody. */
  escalated: { reason: Signal; because: string } | undefined
}

function startOf(tools: readonly LookingTool[], question: Question, limits: InvestigationLimits): Run {
  const book = evidenceBook(limits.characters)
  const lines = (entries: Readonly<Record<string, string>>) =>
    Object.entries(entries)
      .map(([name, value]) => `${name}: ${value.slice(0, 1_000)}`)
      .join('\n')
  const known = [
    book.add('alert', `${lines(question.labels)}\n${lines(question.annotations)}`),
    ...question.known.map(({ source, text }) => book.add(source, text.slice(0, limits.knownCharacters))),
  ]
  const text = known.map((item) => quoted(item, limits.characters)).join('\n\n')
  return {
    tools,
    book,
    messages: [{ role: 'user', text: `The incident, and what is known so far:\n\n${text}` }],
    looked: new Set(),
    looks: 0,
    refused: [],
    conclusion: undefined,
    unsupported: 0,
    models: [],
    degraded: new Set(),
    tokens: 0,
    microUsd: 0,
    escalated: undefined,
  }
}

async function turns(
  deps: InvestigationDeps,
  limits: InvestigationLimits,
  question: Question,
  run: Run,
  until: number,
): Promise<Ending> {
  for (let turn = 1; turn <= limits.turns; turn++) {
    if (question.signal?.aborted) return 'cancelled'
    if (deps.now() >= until) return 'deadline'
    const mustConclude = turn === limits.turns || run.looks >= limits.looks || sizeOf(run) >= limits.allCharacters
    const next = await ask(deps, limits, question, run, { until, mustConclude })
    if (next === undefined)
      return question.signal?.aborted ? 'cancelled' : deps.now() >= until ? 'deadline' : 'no_model'
    if (next.kind === 'conclusion') {
      run.conclusion = next.conclusion
      run.unsupported += next.dropped.length
      return mustConclude && next.conclusion.finding === 'no_data' ? 'limit' : 'concluded'
    }
    await lookAt(deps, limits, question, run, next.call, until)
  }
  return 'limit'
}

async function ask(
  { router, prompt, neverLeaves, now }: InvestigationDeps,
  limits: InvestigationLimits,
  question: Question,
  run: Run,
  { until, mustConclude }: { until: number; mustConclude: boolean },
): Promise<Next | undefined> {
  const tools = mustConclude ? [] : run.tools
  const request: ChatRequest = {
    system: `${prompt.text}${plansText(question.plannable)}`,
    messages: mustConclude ? [...run.messages, { role: 'user', text: 'Looking is over. Conclude now.' }] : run.messages,
    tools: [...tools, concludeTool],
    toolChoice: 'required',
    maxTokens: limits.answerTokens,
  }
  const known = run.escalated ? [run.escalated] : [...severityOf(question), ...question.signals]
  const routed = await router.ask<Next>({
    incident: question.incident,
    severity: question.severity,
    purpose: 'investigate',
    prompt: prompt.id,
    ...(question.mode && { mode: await question.mode() }),
    neverLeaves: question.staysHome === true || neverLeaves(question.labels),
    names: [...namesOf(question.labels), ...(question.names ?? [])],
    known,
    request,
    judge: (answer) =>
      judgeNext(answer, {
        tools,
        evidence: run.book.all,
        required: mustConclude ? [] : stillRequired(question, run),
        plannable: question.plannable,
        onRefused: (tool, because) => run.refused.push({ tool, because }),
      }),
    deadlineMs: Math.max(1, until - now()),
    ...(question.signal && { signal: question.signal }),
  })
  run.tokens += routed.tokens
  run.microUsd += routed.microUsd
  if (routed.degraded !== undefined) run.degraded.add(routed.degraded)
  if (routed.by && routed.why) note(run, { model: routed.by.model, place: routed.by.place, ...routed.why })
  if (routed.value && routed.answer) {
    const { text, calls, carry } = routed.answer
    // One look at a time: what else it asked for is not answered, so it is not kept.
    const [call] = calls
    run.messages.push({
      role: 'assistant',
      text,
      calls: call ? [call] : [],
      ...(carry && calls.length < 2 && { carry }),
    })
  }
  return routed.value
}

/** What cannot be looked at now is not asked for: its server is away, and that is said elsewhere. */
function stillRequired({ required }: Question, { tools, looked }: Run): string[] {
  return required.filter((tool) => !looked.has(tool) && tools.some(({ name }) => name === tool))
}

function severityOf({ severity }: Question) {
  return severity === 'critical' ? [{ reason: 'severity' as const, because: 'the incident is critical' }] : []
}

function note(run: Run, use: Reason & Omit<ModelUse, 'reason'>): void {
  if (!run.models.some(({ model, reason }) => model === use.model && reason === use.reason)) run.models.push(use)
  const { reason, because } = use
  if (use.place === 'cloud' && reason !== 'mode' && reason !== 'fallback') run.escalated ??= { reason, because }
}

async function lookAt(
  { looking, now }: InvestigationDeps,
  limits: InvestigationLimits,
  question: Question,
  run: Run,
  { id, name, args }: ToolCall,
  until: number,
): Promise<void> {
  const say = (text: string, failed: boolean) =>
    run.messages.push({ role: 'tool', call: id, name, text, ...(failed && { failed }) })
  const before = run.book.of(name, args)
  run.looks += 1
  run.looked.add(name)
  if (before) {
    say(`You have seen this already: it is ${before.id}.`, true)
    return
  }
  question.onProgress?.(`Looking: ${name}`)
  const deadlineMs = Math.max(1, Math.min(limits.lookMs, until - now()))
  const seen = await looking
    .look(name, args, { deadlineMs, ...(question.signal && { signal: question.signal }) })
    .catch((): { ok: false; message: string } => ({ ok: false, message: 'The tool could not be asked.' }))
  const body = seen.ok ? `${seen.summary}\n${JSON.stringify(seen.result)}` : `It answered: ${seen.message}`
  const item = run.book.addLook(name, args, body)
  say(quoted(item, limits.characters), !seen.ok)
}

function sizeOf({ book }: Run): number {
  return book.all.reduce((sum, { text }) => sum + text.length, 0)
}

function reportOf(run: Run, ending: Ending): Report {
  const { conclusion, book, unsupported, looks, refused, models, degraded, tokens, microUsd } = run
  return {
    ending,
    conclusion,
    evidence: book.all,
    unsupported,
    looks,
    refused,
    models,
    degraded: [...degraded],
    tokens,
    microUsd,
  }
}
