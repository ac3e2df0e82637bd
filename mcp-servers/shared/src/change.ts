import { z } from 'zod'
import { digestOf } from './canonical.ts'
import { CallerError } from './errors.ts'
import { brief, unpublished } from './json-schema.ts'

/** Argument of every changing tool whose platform can rehearse: true unless the caller says otherwise. */
export const DryRun = z.boolean().default(true).describe('false changes it and needs a grant.')

export const Precondition = z.strictObject({
  uid: z.string().max(100),
  generation: z.int().nullable().optional(),
  values: z.string().regex(/^sha256:[0-9a-f]{64}$/),
})
export type Precondition = z.infer<typeof Precondition>

/** Argument of every changing tool: what a dry run answered; the change is refused when the target is no longer so. */
export const IfStill = brief(Precondition).optional().describe('What a dry run returned; refused if changed since.')

const Value = z.union([z.string(), z.number(), z.boolean(), z.null()])
export type DiffLine = { field: string; from: z.infer<typeof Value>; to: z.infer<typeof Value> }

/** What a changing tool answers, rehearsed or done. */
export const Change = z.object({
  summary: z.string(),
  dry_run: z.boolean(),
  target: brief(
    z.object({
      cluster: z.string(),
      kind: z.string(),
      namespace: z.string().nullable(),
      name: z.string(),
      uid: z.string(),
    }),
  ),
  diff: z.array(brief(z.object({ field: z.string(), from: Value, to: Value }))),
  /** Send it with the real run: it binds the run to what this answer saw. */
  precondition: brief(z.object({ uid: z.string(), generation: z.number().nullable(), values: z.string() })),
  warnings: z.array(z.string()),
  undoable: z.boolean(),
  /** The call that puts things back, with the values found before; null when nothing does. */
  undo: unpublished(z.object({ tool: z.string(), arguments: z.record(z.string(), z.unknown()) }).nullable()),
  /** Who writes this object from a repository and will take the change back. */
  gitops: unpublished(z.object({ owner: z.string(), by: z.string() }).nullable()),
  effect: unpublished(z.string().nullable()),
  truncated: unpublished(z.literal(false)),
  total: unpublished(z.number()),
})
export type Change = z.infer<typeof Change>

/** The form in which live values are compared: `sha256:` over their canonical JSON. */
export function valuesDigest(values: Record<string, unknown>): string {
  return `sha256:${digestOf(values)}`
}

/** Throws `conflict`, saying what changed, unless the live object is the one the precondition saw. */
export function assertStill(
  wanted: Precondition | undefined,
  live: { uid: string; generation: number | null; values: Record<string, unknown>; name: string },
): void {
  if (!wanted) return
  if (wanted.uid !== live.uid) conflict(`${live.name} was deleted and made again since (its uid differs)`)
  if (wanted.values !== valuesDigest(live.values)) {
    const now = Object.entries(live.values).map(([field, value]) => `${field} is ${JSON.stringify(value)}`)
    conflict(`the values this would change are no longer what was seen: now ${now.join(', ')}`)
  }
  if (typeof wanted.generation === 'number' && wanted.generation !== live.generation)
    conflict(
      `the specification of ${live.name} changed since (generation ${wanted.generation}, now ${live.generation})`,
    )
}

function conflict(what: string): never {
  throw new CallerError('conflict', `Nothing was changed: ${what}. Make a new dry run and have it approved.`)
}
