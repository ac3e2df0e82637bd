import { z } from 'zod'
import type { PlanIdea } from '../domain/answer.ts'
import type { JsonObject } from '../domain/json.ts'
import type { ToolSpec } from '../inference/chat-model.ts'
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

const Plan_ = z.union([
  z.object({
    runbook: z.string().max(100),
    inputs: z.record(z.string().max(60), z.union([z.string().max(300), z.number()])),
  }),
  z.object({
    actions: z
      .array(
        z.object({
          tool: z.string().max(120),
          arguments: z.record(z.string().max(60), z.json()),
          why: z.string().max(300),
        }),
      )
      .min(1)
      .max(5),
  }),
])

const Said_ = z.object({
  kind: z.enum(['answered', 'not_known', 'request']),
  claims: z.array(Claim_).max(6).describe('The answer, the most important sentence first.'),
  unknown: z.string().max(300).describe('What could not be seen, in a sentence; empty if nothing.'),
  plan: Plan_.nullable().describe('For request: what would be done. Otherwise null.'),
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
  plan: PlanIdea | null
}

/** Reads it, or says in a sentence what is wrong with it. */
export function readAnswer(args: JsonObject): Said | { problem: string } {
  const read = Said_.safeParse(args)
  if (!read.success) {
    const [issue] = read.error.issues
    return { problem: `answer: ${issue?.path.join('.') || 'the arguments'}: ${issue?.message ?? 'do not fit'}.` }
  }
  const { kind, plan, claims } = read.data
  if (kind === 'request' && plan === null) return { problem: 'A request comes with a plan.' }
  if (kind === 'answered' && claims.length === 0) return { problem: 'An answer has at least one claim.' }
  return { ...read.data, plan: kind === 'request' ? plan : null }
}
