import { z } from 'zod'
import type { Json } from '../domain/json.ts'
import type { Format, Level } from '../domain/runbook.ts'
import { FORMATS } from './input-formats.ts'

/**
 * The front matter of a runbook file as it is written. Shapes only; what hangs together (templates, tools, order) is for
 * the reader and the lint. Messages are the ends of sentences that begin with the name of the field.
 */

export const LEVELS: readonly Level[] = ['manual', 'prompted', 'standard']

const Id = z
  .string('must be text')
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'must be lowercase words joined by hyphens, such as `pod-oom-killed`')
  .max(64, 'must have at most 64 characters')
const Name = z
  .string('must be text')
  .regex(/^[a-z][a-z0-9_]*$/, 'must be lowercase letters, digits and underscores, since expressions use it')
  .max(40, 'must have at most 40 characters')
const Line = z
  .string('must be text')
  .trim()
  .min(1, 'must not be empty')
  .max(200, 'must have at most 200 characters')
  .regex(/^[^\p{C}\p{Zl}\p{Zp}]*$/u, 'must be one line of plain text')
const ToolName = z
  .string('must be text')
  .regex(/^[a-z][a-z0-9-]*\.[a-z][a-z0-9_]*$/, 'must be a server and a tool, such as `kubernetes.describe`')
const Condition = z
  .string('must be text; quote it where it begins with `!`, `[` or `{`')
  .trim()
  .min(1, 'must not be empty')
const Duration = z.string('must be a time such as `10m`')
const AnyJson: z.ZodType<Json> = z.json()
const ArgsText = z.record(z.string(), AnyJson, 'must be a map of arguments')

const MatchText = z.strictObject(
  {
    alertnames: z
      .array(z.string('must be text').min(1, 'must not be empty'), 'must be a list of alert names')
      .default([]),
    matchers: z.array(z.string('must be text; quote it'), 'must be a list of matchers').default([]),
  },
  'must be a map with `alertnames`, `matchers` or both',
)

const InputText = z.strictObject(
  {
    from: z.string('must be text'),
    format: z.enum(FORMATS as [Format, ...Format[]], `must be one of ${FORMATS.join(', ')}`),
    default: z.union([z.string(), z.number()], 'must be text or a number').optional(),
  },
  'must be a map with `from` and `format`',
)

const CheckText = z.strictObject(
  {
    id: Name,
    tool: ToolName,
    args: ArgsText.default({}),
    expect: Condition.optional(),
    required: z.boolean('must be true or false').default(true),
    shows: Line.optional(),
  },
  'must be a map with `id`, `tool`, `args` and `expect`',
)

const RollbackText = z.strictObject(
  { tool: ToolName.optional(), args: ArgsText.optional(), none: Line.optional() },
  'must be `{ tool: …, args: … }`, or `{ none: "why there is no way back" }`',
)

const StepText = z.strictObject(
  {
    id: Name,
    tool: ToolName,
    args: ArgsText.default({}),
    rollback: RollbackText.optional(),
    does: Line.optional(),
    costs: Line.optional(),
  },
  'must be a map with `id`, `tool`, `args` and `rollback`',
)

const VerifyText = z.strictObject(
  {
    tool: ToolName.optional(),
    args: ArgsText.optional(),
    expect: Condition.optional(),
    alert: z.literal('cleared', 'must be `cleared`').optional(),
    within: Duration,
    for: Duration.optional(),
  },
  'must be a map with `tool`, `args`, `expect` and `within`, or with `alert: cleared`, `within` and `for`',
)

export const RunbookText = z.strictObject(
  {
    id: Id,
    title: Line,
    match: MatchText,
    ceiling: z.enum(LEVELS as [Level, ...Level[]], `must be one of ${LEVELS.join(', ')}`).default('manual'),
    inputs: z.record(Name, InputText, 'must be a map of inputs by name').default({}),
    checks: z.array(CheckText, 'must be a list of checks').max(20, 'must have at most 20 entries').default([]),
    steps: z.array(StepText, 'must be a list of steps').max(10, 'must have at most 10 entries').default([]),
    verify: z.array(VerifyText, 'must be a list of verifications').max(10, 'must have at most 10 entries').default([]),
  },
  'must be a map; see docs/runbook-format.md',
)

export type RunbookText = z.infer<typeof RunbookText>
export type VerifyText = z.infer<typeof VerifyText>
export type StepText = z.infer<typeof StepText>

/** The keys that may stand at a place in the front matter, for suggestions. Places of a list are all alike. */
export function knownKeysAt(path: readonly PropertyKey[]): string[] {
  const place = path.map((part) => (typeof part === 'number' ? '#' : String(part)))
  if (place[0] === 'inputs' && place.length === 2) return Object.keys(InputText.shape)
  return KEYS[place.join('.')] ?? []
}

const KEYS: Readonly<Record<string, string[]>> = {
  '': Object.keys(RunbookText.shape),
  match: Object.keys(MatchText.shape),
  'checks.#': Object.keys(CheckText.shape),
  'steps.#': Object.keys(StepText.shape),
  'steps.#.rollback': Object.keys(RollbackText.shape),
  'verify.#': Object.keys(VerifyText.shape),
}
