import { z } from 'zod'
import type { JsonObject } from '../domain/json.ts'
import type { ToolSpec } from '../inference/chat-model.ts'
import type { Cause, Conclusion, ProposedPlan } from './report.ts'

const Claim = z.object({
  text: z.string().min(1).max(600).describe('One thing that was seen.'),
  cites: z
    .array(
      z.object({
        evidence: z.string().max(20).describe('The id of the evidence, such as e3.'),
        quote: z.string().max(400).describe('The words in it that show the claim, exactly as they stand there.'),
      }),
    )
    .max(6),
})

/** Pairs and no free object: what writes under a grammar, or strictly, can keep to them. */
const Values = z.array(
  z.object({ name: z.string().min(1).max(63), value: z.union([z.string().max(1_000), z.number(), z.boolean()]) }),
)

/** A plan as a model writes it; `toPlan` reads it. */
export const Plan = z.object({
  runbook: z
    .string()
    .max(64)
    .describe('The id of a runbook that stands in the evidence; empty for a plan of single actions.'),
  inputs: Values.max(20).describe('Values for the inputs of the runbook; those left out are taken from the alert.'),
  actions: z
    .array(
      z.object({
        tool: z.string().max(128),
        arguments: Values.max(20),
        why: z.string().max(300),
      }),
    )
    .max(4)
    .describe('At most four calls of the tools that a plan may name, in this order; none where a runbook is named.'),
})

const Conclusion_ = z.object({
  finding: z.enum(['cause_found', 'unclear', 'no_data', 'not_a_problem']),
  summary: z.string().min(1).max(800).describe('Two sentences for a tired person.'),
  causes: z
    .array(
      z.object({
        title: z.string().min(1).max(200),
        claims: z.array(Claim).max(8),
        confidence: z.number().min(0).max(1),
        plan: Plan.nullish().describe('What would mend this cause; null where nothing that is there does.'),
      }),
    )
    .max(3)
    .describe('One for cause_found, two or three for unclear, none otherwise. The likelier first.'),
  claims: z.array(Claim).max(8).describe('For not_a_problem: what shows that all is well.'),
  next: z.string().max(600).describe('What a person could look at next; empty if nothing.'),
})

export const CONCLUDE = 'conclude'

/** How an investigation ends: the model calls this as if it were a tool. */
export const concludeTool: ToolSpec = {
  name: CONCLUDE,
  description: 'Ends the investigation with what was found.',
  parameters: z.toJSONSchema(Conclusion_) as JsonObject,
}

/** Reads it, or says in a sentence what is wrong with it. */
export function readConclusion(args: JsonObject): Conclusion | { problem: string } {
  const read = Conclusion_.safeParse(args)
  if (!read.success) {
    const [issue] = read.error.issues
    return { problem: `conclude: ${issue?.path.join('.') || 'the arguments'}: ${issue?.message ?? 'do not fit'}.` }
  }
  const count = read.data.causes.length
  if (read.data.finding === 'cause_found' && count !== 1) return { problem: 'cause_found has exactly one cause.' }
  if (read.data.finding === 'unclear' && count < 2) return { problem: 'unclear has two or three causes.' }
  return { ...read.data, causes: read.data.causes.map(toCause) }
}

type ReadCause = z.infer<typeof Conclusion_>['causes'][number]

function toCause({ plan: read, ...cause }: ReadCause): Cause {
  const plan = read ? toPlan(read) : undefined
  return plan ? { ...cause, plan } : cause
}

/** Undefined where it names neither a runbook nor an action: that is none. */
export function toPlan({ runbook, inputs, actions }: z.infer<typeof Plan>): ProposedPlan | undefined {
  if (runbook !== '') return { kind: 'runbook', runbook, inputs: valuesOf(inputs) }
  if (actions.length === 0) return undefined
  return {
    kind: 'actions',
    actions: actions.map(({ tool, arguments: values, why }) => ({ tool, arguments: valuesOf(values), why })),
  }
}

function valuesOf(values: z.infer<typeof Values>): JsonObject {
  return Object.fromEntries(values.map(({ name, value }) => [name, value]))
}
