import type { AnswerLine } from '../domain/answer.ts'
import type { ProposedPlan } from '../domain/investigation.ts'
import type { ChatAnswer, ToolCall } from '../inference/chat-model.ts'
import type { Judgement } from '../inference/router.ts'
import type { LookingTool } from '../investigation/port.ts'
import { misuse } from '../investigation/read-only-tools.ts'
import type { Claim, Evidence } from '../investigation/report.ts'
import { unsupported } from '../investigation/support.ts'
import { ANSWER, readAnswer } from './answer-tool.ts'

/** An answer with only what its evidence holds. */
export interface Held {
  kind: 'answered' | 'not_known' | 'request'
  lines: AnswerLine[]
  /** What could not be seen, in a sentence; empty if nothing. */
  unknown: string
  plan: ProposedPlan | null
  dropped: number
}

/** What the model wants next. */
export type Turn = { kind: 'look'; call: ToolCall } | { kind: 'answer'; held: Held }

export interface Standing {
  tools: readonly LookingTool[]
  evidence: readonly Evidence[]
  /** Why a plan cannot be proposed, in a sentence; undefined when it can. */
  unfit: (idea: ProposedPlan) => string | undefined
  onRefused(tool: string, because: string): void
}

/** Judges one turn: a look must be one that may be made, an answer one that its evidence holds. Pure but for `onRefused`. */
export function judgeAnswer(answer: ChatAnswer, standing: Standing): Judgement<Turn> {
  const [call] = answer.calls
  if (answer.ended === 'refused') return bad('The model would not answer.', 'Answer with one of the tools.')
  if (answer.ended === 'length')
    return bad('The answer was cut off by its length.', 'That was too long. Answer shorter.')
  if (!call) return bad('The model answered without a tool.', 'Answer with exactly one of the tools.')
  return call.name === ANSWER ? judgeSaid(call, standing) : judgeLook(call, standing)
}

function judgeLook(call: ToolCall, { tools, onRefused }: Standing): Judgement<Turn> {
  const problem = misuse(tools, call.name, call.args)
  if (problem === undefined) return { ok: true, value: { kind: 'look', call } }
  onRefused(call.name.slice(0, 120), problem.slice(0, 300))
  return bad('The model asked for a tool that is not there, or in a way that does not fit.', problem)
}

function judgeSaid(call: ToolCall, { evidence, unfit, onRefused }: Standing): Judgement<Turn> {
  const said = readAnswer(call.args)
  if ('problem' in said) return bad('The answer does not fit its schema.', said.problem)
  const problem = said.plan && unfit(said.plan)
  if (problem) {
    onRefused('plan', problem.slice(0, 300))
    return bad('It proposed what cannot be proposed.', problem)
  }
  const { lines, dropped } = heldOf(said.claims, evidence)
  const unknown = holdsTogether(said.unknown, evidence) ? said.unknown : ''
  const lost = said.kind === 'answered' && lines.length === 0
  const kind = lost ? ('not_known' as const) : said.kind
  const value: Turn = { kind: 'answer', held: { kind, lines, unknown, plan: said.plan, dropped: dropped.length } }
  if (!lost) return { ok: true, value }
  const shown = dropped.map(({ text, because }) => `"${text.slice(0, 120)}": ${because}`).join('; ')
  return {
    ok: false,
    signal: 'evidence',
    because: `It cited what does not hold: ${dropped[0]?.because}.`,
    repair: `These claims are not shown by what they cite: ${shown}. Quote word for word, or leave them out.`,
    fallback: value,
  }
}

function heldOf(claims: readonly Claim[], evidence: readonly Evidence[]) {
  const lines: AnswerLine[] = []
  const dropped: { text: string; because: string }[] = []
  for (const claim of claims) {
    const because = unsupported(claim, evidence)
    if (because === undefined) lines.push(lineOf(claim, evidence))
    else dropped.push({ text: claim.text, because })
  }
  return { lines, dropped }
}

/** Only the citations that hold by themselves are shown. */
function lineOf({ text, cites }: Claim, evidence: readonly Evidence[]): AnswerLine {
  const good = cites.flatMap((cite) => {
    const source = evidence.find(({ id }) => id === cite.evidence)?.source
    const alone = unsupported({ text: '.', cites: [cite] }, evidence) === undefined
    return source !== undefined && alone ? [{ ...cite, source }] : []
  })
  return { text, cites: good }
}

/** Whether a sentence without citations names nothing that was not seen. */
function holdsTogether(text: string, evidence: readonly Evidence[]): boolean {
  const cites = evidence.map(({ id, text: body }) => ({ evidence: id, quote: body.slice(0, 60) }))
  return text === '' || unsupported({ text, cites }, evidence) === undefined
}

function bad(because: string, repair: string) {
  return { ok: false as const, signal: 'schema' as const, because, repair }
}
