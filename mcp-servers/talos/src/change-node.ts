import {
  assertStill,
  type Change,
  type DiffLine,
  type Precondition,
  type Probed,
  type ToolContext,
  valuesDigest,
} from '@watchkeeper/mcp-shared'
import type { Role } from './access.ts'
import type { Member, NodeState, TalosCluster } from './cluster.ts'
import { stateIfThere } from './follow.ts'
import { assertRole, nodeToChange } from './nodes.ts'

export type Value = string | number | boolean | null
export type Values = Readonly<Record<string, Value>>
export type Context = ToolContext<TalosCluster>

/** What a change is about to act on. */
export type Seen = { node: Member; state: NodeState; values: Values }

export type NodeChange = {
  node: string
  needs: Role
  /** The live values of exactly what the change touches. */
  values(node: Member, state: NodeState): Promise<Values>
  /** The version of what is changed, where Talos counts one. */
  generation?(): number | null
  /** Throws `refused` with what does not hold; answers warnings. */
  preflight(seen: Seen): Promise<readonly string[]>
  /** What the values will be, as far as they can be known before. */
  expected(values: Values): Values
  /** Makes the change, follows it to its end and answers the values and warnings afterwards. */
  act(seen: Seen): Promise<{ values: Values; warnings?: readonly string[] }>
  /** Said after "Would " and "Did ". */
  summary: string
  /** Where the values are too many or too long to be compared as they are. */
  diff?(before: Values, after: Values): DiffLine[]
  undoable: boolean
  undo?(before: Values, after: Values): { tool: string; arguments: Record<string, unknown> } | null
}

export type HowToRun = { dryRun: boolean; precondition: Precondition | undefined; context: Context }

/** Rehearses or makes one change of one node: read, compare with the precondition, preflight, and only then act. */
export async function changeNode(cluster: TalosCluster, change: NodeChange, how: HowToRun): Promise<Change> {
  const { dryRun, precondition, context } = how
  const { signal, effect } = context
  assertRole(cluster, change.needs)
  const node = await nodeToChange(cluster, change.node, signal)
  const state = await cluster.state(node.address, signal)
  const values = await change.values(node, state)
  const generation = change.generation?.() ?? null
  assertStill(precondition, { uid: state.uid, generation, values, name: `the node ${node.name}` })
  const seen = { node, state, values }
  const warnings = await change.preflight(seen)
  signal.throwIfAborted()
  const after = dryRun ? { values: change.expected(values) } : await change.act(seen)
  const diff = change.diff?.(values, after.values) ?? diffOf(values, after.values)
  const undo = change.undoable ? change.undo?.(values, after.values) : null
  return {
    summary: `${dryRun ? 'Would' : 'Did'} ${change.summary}`,
    dry_run: dryRun,
    target: { cluster: cluster.name, kind: 'Node', namespace: null, name: node.name, uid: state.uid },
    diff,
    precondition: { uid: state.uid, generation, values: valuesDigest(values) },
    warnings: [...warnings, ...('warnings' in after ? (after.warnings ?? []) : [])],
    undoable: change.undoable,
    undo: undo ?? null,
    gitops: null,
    effect: dryRun ? null : (effect ?? null),
    truncated: false,
    total: diff.length,
  }
}

export function diffOf(before: Values, after: Values): DiffLine[] {
  const fields = [...new Set([...Object.keys(before), ...Object.keys(after)])]
  return fields
    .map((field) => ({ field, from: before[field] ?? null, to: after[field] ?? null }))
    .filter(({ from, to }) => from !== to)
}

/**
 * Whether a node booted since the precondition was read, for changes that Talos cannot mark. Without a precondition
 * nothing tells what was there before.
 */
export async function probeBoot(
  cluster: TalosCluster,
  name: string,
  precondition: Precondition | undefined,
  signal: AbortSignal,
): Promise<Probed> {
  const node = await nodeToChange(cluster, name, signal)
  const state = await stateIfThere(cluster, node, signal)
  if (!state) return { state: 'unknown', because: `${name} does not answer now; ask again when it does` }
  if (!precondition) return { state: 'unknown', because: `the call had no precondition to compare ${name} with` }
  if (state.uid !== precondition.uid)
    return { state: 'unknown', because: `${name} is another machine now (its uid differs)` }
  if (valuesDigest({ boot_id: state.bootId }) === precondition.values)
    return state.stage === 'running'
      ? { state: 'not_done', because: `${name} has not booted since` }
      : { state: 'unknown', because: `${name} has not booted since, and is ${state.stage}` }
  return { state: 'done', because: `${name} has booted since (${state.bootId})` }
}
