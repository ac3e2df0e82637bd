import type { ChatAnswer, ToolCall } from '../inference/chat-model.ts'
import type { Judgement } from '../inference/router.ts'
import { CONCLUDE, readConclusion } from './conclude-tool.ts'
import { planMisuse, withoutPlans } from './plans.ts'
import type { LookingTool, Plannable } from './port.ts'
import { misuse } from './read-only-tools.ts'
import type { Conclusion, Evidence } from './report.ts'
import { supported } from './support.ts'

/** What the model wants next. */
export type Next =
  | { kind: 'look'; call: ToolCall }
  | { kind: 'conclusion'; conclusion: Conclusion; dropped: readonly { claim: string; because: string }[] }

export interface Standing {
  tools: readonly LookingTool[]
  evidence: readonly Evidence[]
  /** Tools that must still be asked before anything is concluded. */
  required: readonly string[]
  plannable: Plannable | undefined
  onRefused(tool: string, because: string): void
}

/** Judges one turn: a look must be one that may be made, a conclusion one that its evidence holds. Pure but for `onRefused`. */
export function judgeNext(answer: ChatAnswer, standing: Standing): Judgement<Next> {
  const [call] = answer.calls
  if (answer.ended === 'refused') return bad('schema', 'The model would not answer.', 'Answer with one of the tools.')
  if (answer.ended === 'length')
    return bad('schema', 'The answer was cut off by its length.', 'That was too long. Answer shorter, with one tool.')
  if (!call) return bad('schema', 'The model answered without a tool.', 'Answer with exactly one of the tools.')
  if (call.name !== CONCLUDE) return judgeLook(call, standing)
  return judgeConclusion(call, standing)
}

function judgeLook(call: ToolCall, { tools, onRefused }: Standing): Judgement<Next> {
  const problem = misuse(tools, call.name, call.args)
  if (problem === undefined) return { ok: true, value: { kind: 'look', call } }
  onRefused(call.name.slice(0, 120), problem.slice(0, 300))
  return bad('schema', 'The model asked for a tool that is not there, or in a way that does not fit.', problem)
}

function judgeConclusion(call: ToolCall, standing: Standing): Judgement<Next> {
  const { evidence, required, plannable } = standing
  const read = readConclusion(call.args)
  if ('problem' in read) return bad('schema', 'The conclusion does not fit its schema.', read.problem)
  const misused = planMisuse(read, plannable)
  for (const { tool, because } of misused) standing.onRefused(tool, because)
  const { conclusion, dropped } = supported(withoutPlans(read, misused), evidence)
  const value: Next = { kind: 'conclusion', conclusion, dropped }
  if (required.length > 0)
    return {
      ...bad(
        'checks',
        `It concluded without looking at ${required.join(', ')}.`,
        `First look with ${required.join(', ')}.`,
      ),
      fallback: value,
    }
  if (misused.length > 0)
    return {
      ...bad(
        'schema',
        'It proposed what no plan may hold.',
        `${misused.map(({ because }) => because).join(' ')} Propose something else, or nothing.`,
      ),
      fallback: value,
    }
  if (dropped.length === 0) return { ok: true, value }
  const [first] = dropped
  const lost = conclusion.finding !== read.finding
  // A claim too many does no harm once it is dropped; a finding that has lost what it rests on does.
  if (!lost) return { ok: true, value }
  return {
    ...bad(
      'evidence',
      `It cited what does not hold: ${first?.because}.`,
      `These claims are not shown by what they cite: ${dropped.map((one) => `"${one.claim.slice(0, 120)}": ${one.because}`).join('; ')}. Quote word for word, or leave them out.`,
    ),
    fallback: value,
  }
}

function bad(signal: 'schema' | 'evidence' | 'checks', because: string, repair: string) {
  return { ok: false as const, signal, because, repair }
}
