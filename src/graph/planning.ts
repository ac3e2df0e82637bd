import { z } from 'zod'
import type { JsonObject } from '../domain/json.ts'
import type { Action, WayBack } from '../domain/plan.ts'
import { targetName } from '../domain/plan.ts'
import { look } from '../tools/evidence.ts'
import { effectOfCall, toolRules } from '../tools/rules.ts'
import type { Toolbox } from '../tools/toolbox.ts'
import type { GraphDeps } from './deps.ts'

/** A value as its tool gives it; cards and plans have it in words. */
const Value = z
  .union([z.string(), z.number(), z.boolean(), z.null()])
  .transform((value) => (value === null ? null : String(value)))

const Change = z.object({
  summary: z.string(),
  target: z.object({
    cluster: z.string(),
    kind: z.string(),
    namespace: z.string().nullable(),
    name: z.string(),
    uid: z.string().nullable(),
  }),
  diff: z.array(z.object({ field: z.string(), from: Value, to: Value })),
  precondition: z
    .object({ uid: z.string(), generation: z.number().nullish(), values: z.string() })
    .nullable()
    .default(null),
  warnings: z.array(z.string()).default([]),
  undoable: z.boolean(),
  undo: z
    .object({ tool: z.string(), arguments: z.record(z.string(), z.json()) })
    .nullable()
    .default(null),
  gitops: z.object({ owner: z.string(), by: z.string() }).nullable().default(null),
})

/** What a dry run says a call would do. */
export type Change = z.infer<typeof Change>

/** Which cluster an incident is on, for tools that serve several. */
export interface Cluster {
  toolbox: Toolbox
  name: string
}

/** Adds the cluster to the arguments of a tool that asks for one and was not given it. */
export async function withCluster({ toolbox, name }: Cluster, tool: string, args: JsonObject): Promise<JsonObject> {
  if ('cluster' in args) return args
  const schema = (await toolbox.find(tool))?.definition.inputSchema
  const wantsIt = z
    .object({ properties: z.object({ cluster: z.unknown().refine((it) => it !== undefined) }) })
    .safeParse(schema)
  return wantsIt.success && name !== '' ? { ...args, cluster: name } : args
}

/** One step before it is an action: the call with its arguments filled in, and the way back if the runbook names one. */
export interface DraftStep {
  tool: string
  args: JsonObject
  wayBack: WayBack | undefined
  costs: string | null
}

/** The step that an action of an earlier plan was made of. */
export function again({ tool, arguments: args, wayBack, costs }: Action): DraftStep {
  const { precondition: _then, dry_run: _run, ...plain } = args
  return { tool, args: plain, wayBack, costs }
}

export interface DryRun {
  change: Change
  contract: string
}

/** Kinds of no that say nothing of the target: nobody has looked at it. */
const UNANSWERED: readonly string[] = ['unreachable', 'timeout', 'set_aside']

/** Asks the tool what the call would do, without doing it. A problem is a sentence for people; `unanswered`: nobody could look. */
export async function dryRun(
  deps: GraphDeps,
  call: { incident: number; round: number; key: string; tool: string; args: JsonObject },
): Promise<DryRun | { problem: string; unanswered?: true }> {
  const published = await deps.toolbox.find(call.tool)
  if (!published) return { problem: `${call.tool} cannot be used now.` }
  const answer = await look(deps, { ...call, args: { ...call.args, dry_run: true }, askedBy: 'agent' })
  if (!answer.ok && UNANSWERED.includes(answer.code))
    return { problem: `${call.tool} gave no answer: ${answer.message}`, unanswered: true }
  if (!answer.ok) return { problem: `${call.tool} would not do it: ${answer.message}` }
  const change = Change.safeParse(answer.result)
  if (!change.success) return { problem: `${call.tool} answered its dry run in a shape that is not known.` }
  return { change: change.data, contract: published.contract }
}

/** Makes exact actions of the steps: arguments as they will be sent, with the precondition that binds them to what was seen. */
export async function planActions(
  deps: GraphDeps,
  { incident, round, cluster }: { incident: number; round: number; cluster: string },
  drafts: readonly DraftStep[],
): Promise<Action[] | { problem: string }> {
  const actions: Action[] = []
  for (const [index, draft] of drafts.entries()) {
    const args = await withCluster({ toolbox: deps.toolbox, name: cluster }, draft.tool, draft.args)
    const tried = await dryRun(deps, { incident, round, key: `dry-run:${index}`, tool: draft.tool, args })
    if ('problem' in tried) return tried
    const { change, contract } = tried
    const stale = actions.some((action) => movesGeneration(action, draft.tool, change))
    const effect = effectOfCall(draft.tool, args, deps.rules.declared)
    if (effect === undefined) return { problem: `${draft.tool} is not a tool this installation knows.` }
    actions.push({
      index,
      tool: draft.tool,
      contract,
      effect,
      undoable: change.undoable && toolRules.get(draft.tool)?.undoable === true,
      target: change.target,
      arguments: {
        ...args,
        dry_run: false,
        ...(change.precondition && { precondition: preconditionOf(change, stale) }),
      },
      diff: change.diff,
      dryRun: change.summary,
      wayBack:
        draft.wayBack ??
        (change.undo
          ? { ...change.undo, tool: sameServer(draft.tool, change.undo.tool) }
          : { none: 'the tool knows none' }),
      warnings: change.warnings,
      costs: draft.costs,
      gitops: change.gitops && `${change.gitops.by} (${change.gitops.owner})`,
    })
  }
  return actions
}

/** Whether an earlier action leaves another generation behind than the one this dry run saw. */
function movesGeneration(earlier: Action, tool: string, { target }: Change): boolean {
  if (targetName(earlier.target) !== targetName(target)) return false
  return earlier.tool === tool || toolRules.get(tool)?.countsOwnCalls !== true
}

/** The second action on one object cannot know the generation that the first one leaves behind. */
function preconditionOf({ precondition }: Change, stale: boolean): JsonObject {
  if (!precondition) return {}
  const { uid, values, generation } = precondition
  return generation === undefined || generation === null || stale ? { uid, values } : { uid, generation, values }
}

function sameServer(tool: string, undo: string): string {
  return undo.includes('.') ? undo : `${tool.slice(0, tool.indexOf('.'))}.${undo}`
}
