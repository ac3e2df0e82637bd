import { z } from 'zod'
import type { Labels, Severity } from '../domain/alert.ts'
import type { JsonObject } from '../domain/json.ts'
import type { Finding } from '../investigation/report.ts'

/** What a tool answered when it was asked with these arguments. */
export interface RecordedLook {
  tool: string
  /** Each must be there with this value; `*` stands for any. No other argument may be. */
  args: JsonObject
  /** Arguments that may be there besides, with any value: how much of it was asked for. */
  free: readonly string[]
  answer: { result: JsonObject; summary: string } | { error: string }
}

/** What a scripted model does when it is asked once more. */
export type ScriptedTurn =
  | { kind: 'look'; tool: string; args: JsonObject }
  | { kind: 'conclude'; args: JsonObject }
  | { kind: 'text'; text: string }
  | { kind: 'fails' }

export interface Script {
  local: readonly ScriptedTurn[]
  cloud: readonly ScriptedTurn[]
}

/** What the report must say to be right; all that is given counts. */
export interface Expected {
  /** Any of these. */
  findings: readonly Finding[]
  /** Words that must stand in the conclusion; each may give alternatives, and one of them is enough. */
  words: readonly (readonly string[])[]
  /** Tools whose answers must be cited. */
  cites: readonly string[]
  /** A runbook's id, or `none`; undefined: it is not judged. */
  action: string | undefined
  /** Words that must not stand in the conclusion: what did not happen. */
  never: readonly string[]
  /** Share of each line's telling words that the report must have; for expectations written in prose. */
  lines: readonly string[]
}

/** What the machinery must have done with a script; not judged with real models. */
export interface ExpectedMachinery {
  ending?: string | undefined
  /** Claims that were dropped. */
  unsupported?: number | undefined
  /** Tools whose calls were refused. */
  refused?: readonly string[] | undefined
  /** Why the cloud was asked; `none`: it was not. */
  escalated?: string | undefined
}

/** A recorded incident: what came in, what the tools said, and what is right. */
export interface Scenario {
  /** Its folder's name. */
  id: string
  title: string
  severity: Severity
  labels: Labels
  annotations: Labels
  known: readonly { source: string; text: string }[]
  required: readonly string[]
  looks: readonly RecordedLook[]
  script: Script | undefined
  expect: Expected
  machinery: ExpectedMachinery
}

const FINDINGS = ['cause_found', 'unclear', 'no_data', 'not_a_problem'] as const
const Labels_ = z.record(z.string(), z.string())
const Args = z.record(z.string(), z.json())
const Claim = z.object({
  text: z.string(),
  cites: z.array(z.object({ evidence: z.string(), quote: z.string() })).default([]),
})
const Cause = z.looseObject({
  title: z.string(),
  confidence: z.number().default(0.7),
  claims: z.array(Claim).default([]),
})
const Conclude = z.looseObject({
  finding: z.string(),
  summary: z.string(),
  causes: z.array(Cause).default([]),
  claims: z.array(Claim).default([]),
  next: z.string().default(''),
})

const Turn = z.union([
  z
    .strictObject({ look: z.string(), args: Args.default({}) })
    .transform(({ look, args }) => ({ kind: 'look' as const, tool: look, args })),
  z
    .strictObject({ conclude: Conclude })
    .transform(({ conclude }) => ({ kind: 'conclude' as const, args: conclude as JsonObject })),
  z.strictObject({ text: z.string() }).transform(({ text }) => ({ kind: 'text' as const, text })),
  z.strictObject({ fails: z.literal(true) }).transform(() => ({ kind: 'fails' as const })),
])

const Look = z
  .strictObject({
    tool: z.string().regex(/^[a-z][a-z0-9_-]*\.[a-z][a-z0-9_]*$/, 'must be written server.tool'),
    args: Args.default({}),
    free: z.array(z.string()).default([]),
    answer: z.looseObject({ summary: z.string() }).optional(),
    error: z.string().optional(),
  })
  .refine(({ answer, error }) => (answer === undefined) !== (error === undefined), 'must have either answer or error')

const ScenarioFile = z.strictObject({
  title: z.string(),
  severity: z.enum(['critical', 'warning', 'info', 'none']).default('warning'),
  alert: z.strictObject({ labels: Labels_, annotations: Labels_.default({}) }),
  known: z.array(z.strictObject({ source: z.string(), text: z.string() })).default([]),
  required: z.array(z.string()).default([]),
  looks: z.array(Look),
  script: z.strictObject({ local: z.array(Turn).default([]), cloud: z.array(Turn).default([]) }).optional(),
  expect: z.strictObject({
    finding: z.union([z.enum(FINDINGS).transform((one) => [one]), z.array(z.enum(FINDINGS)).min(1)]),
    words: z.array(z.string()).default([]),
    cites: z.array(z.string()).default([]),
    action: z.string(),
    never: z.array(z.string()).default([]),
  }),
  machinery: z
    .strictObject({
      ending: z.string().optional(),
      unsupported: z.int().optional(),
      refused: z.array(z.string()).optional(),
      escalated: z.string().optional(),
    })
    .default({}),
})

/** Reads what stands in `scenario.yaml`; the problem names the place and what is wrong there. */
export function readScenario(id: string, data: unknown): Scenario | { problem: string } {
  const read = ScenarioFile.safeParse(data)
  if (!read.success) {
    const [issue] = read.error.issues
    return { problem: `${issue?.path.join('.') || 'the file'}: ${issue?.message ?? 'does not fit'}` }
  }
  const { title, severity, alert, known, required, looks, script, expect, machinery } = read.data
  return {
    id,
    title,
    severity,
    ...alert,
    known,
    required,
    looks: looks.map(({ tool, args, free, answer, error }) => ({
      tool,
      args: args as JsonObject,
      free,
      answer: answer ? { result: answer as JsonObject, summary: answer.summary } : { error: error ?? '' },
    })),
    script: script as Script | undefined,
    expect: {
      findings: expect.finding,
      words: expect.words.map((word) => word.split('|')),
      cites: expect.cites,
      action: expect.action,
      never: expect.never,
      lines: [],
    },
    machinery,
  }
}
