import { z } from 'zod'
import type { ProposedPlan } from '../domain/investigation.ts'
import type { JsonObject } from '../domain/json.ts'
import type { ToolSpec } from '../inference/chat-model.ts'
import { Plan, toPlan } from '../investigation/conclude-tool.ts'
import type { Claim } from '../investigation/report.ts'

const Claim_ = z.object({
  text: z.string().min(1).max(400).describe('One short sentence of the answer.'),
  cites: z
    .array(
      z.object({
        evidence: z.string().max(20).describe('The id of the evidence, such as e3.'),
        quote: z.string().max(400).describe('The words in it that show the sentence, exactly as they stand there.'),
      }),
    )
    .max(4),
})

const Said_ = z.object({
  kind: z.enum(['answered', 'not_known', 'request']),
  claims: z.array(Claim_).max(6).describe('The answer, the most important sentence first.'),
  unknown: z.string().max(300).describe('What could not be seen, in a sentence; empty if nothing.'),
  plan: Plan.nullish().describe('For request: what would be done. Otherwise null.'),
})

export const ANSWER = 'answer'

/** How a question ends: the model calls this as if it were a tool. */
export const answerTool: ToolSpec = {
  name: ANSWER,
  description: 'Answers the question with what was seen, or says what would be done.',
  parameters: z.toJSONSchema(Said_) as JsonObject,
}

/** What the model answered, before anything of it was held against the evidence. */
export interface Said {
  kind: 'answered' | 'not_known' | 'request'
  claims: readonly Claim[]
  unknown: string
  plan: ProposedPlan | null
}

/** Reads it, or says in a sentence what is wrong with it. */
export function readAnswer(args: JsonObject): Said | { problem: string } {
  const read = Said_.safeParse(args)
  if (!read.success) {
    const [issue] = read.error.issues
    return { problem: `answer: ${issue?.path.join('.') || 'the arguments'}: ${issue?.message ?? 'do not fit'}.` }
  }
  const { kind, claims, unknown } = read.data
  const plan = kind === 'request' && read.data.plan ? (toPlan(read.data.plan) ?? null) : null
  if (kind === 'request' && plan === null) return { problem: 'A request comes with a plan.' }
  if (kind === 'answered' && claims.length === 0) return { problem: 'An answer has at least one claim.' }
  return { kind, claims, unknown, plan }
}
