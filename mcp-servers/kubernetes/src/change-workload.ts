import {
  assertStill,
  type Change,
  type DiffLine,
  type Precondition,
  type Probed,
  ToolError,
  valuesDigest,
} from '@watchkeeper/mcp-shared'
import type { Cluster, ObjectRef } from './cluster.ts'
import { gitopsOwner } from './gitops.ts'
import type { Workload } from './objects.ts'

/** The annotation that says which effects a person approved have reached this object: ids, newest first. */
export const EFFECTS = 'watchkeeper/effects'
const KEPT_EFFECTS = 8
const TRIES = 5

/** The values a change touches, by the name people read in the diff. */
export type Values = Record<string, string | number | boolean | null>

export type WorkloadChange = {
  tool: string
  ref: ObjectRef & { namespace: string }
  /** The live values of exactly the fields this touches. */
  values: (workload: Workload) => Values
  /** The patch without its metadata. Throws when the live object forbids it. */
  patch: (live: Workload) => object
  warnings: (live: Workload) => Promise<string[]> | string[]
  /** The arguments that put things back, or null. */
  undo: (live: Workload) => Record<string, unknown> | null
  summary: (diff: readonly DiffLine[]) => string
  /** What a dry run shows for values that only the real run can know, such as its own time. */
  rehearsed?: (after: Values) => Values
  undoable: boolean
}

export type HowToRun = {
  dryRun: boolean
  precondition: Precondition | undefined
  effect: string | undefined
  signal: AbortSignal
}

/**
 * Rehearses or makes one change of a workload: reads it with the operator's credential, checks the precondition, and
 * patches with the version it read, so that check and change are one. When only the status moved in between, it reads again.
 */
export async function changeWorkload(cluster: Cluster, change: WorkloadChange, how: HowToRun): Promise<Change> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await changeOnce(cluster, change, how)
    } catch (error) {
      // A conflict worth another try is the API server's: the object moved between the read and the patch.
      const moved = error instanceof ToolError && error.code === 'conflict' && error.retryable
      if (!moved || tried >= TRIES) throw error
    }
  }
}

async function changeOnce(cluster: Cluster, change: WorkloadChange, how: HowToRun): Promise<Change> {
  const { ref, tool } = change
  const { dryRun, effect, signal } = how
  const live = await cluster.readForChange<Workload>(ref, signal)
  const { uid = '', generation = null, resourceVersion } = live.metadata ?? {}
  const before = change.values(live)
  assertStill(how.precondition, { uid, generation, values: before, name: `${ref.kind.kind.toLowerCase()}/${ref.name}` })
  const metadata = {
    resourceVersion,
    ...(effect && !dryRun ? { annotations: { [EFFECTS]: marked(live, effect) } } : {}),
  }
  const body = { ...change.patch(live), metadata }
  const warnings = await change.warnings(live)
  signal.throwIfAborted()
  const changed = await cluster.patch<Workload>(ref, body, { dryRun }, signal)
  const after = change.values(changed)
  const diff = diffOf(before, dryRun ? (change.rehearsed?.(after) ?? after) : after)
  const gitops = gitopsOwner(live.metadata)
  const undo = change.undo(live)
  return {
    summary: `${dryRun ? 'Would' : 'Did'} ${change.summary(diff)}`,
    dry_run: dryRun,
    target: { cluster: cluster.name, kind: ref.kind.kind, namespace: ref.namespace, name: ref.name, uid },
    diff,
    precondition: { uid, generation, values: valuesDigest(before) },
    warnings: [
      ...(diff.length === 0 ? ['These values are set already: nothing changes.'] : []),
      ...(gitops
        ? [`${gitops.by} writes this object from "${gitops.owner}" and will take the change back: change it there too.`]
        : []),
      ...warnings,
    ],
    undoable: change.undoable,
    undo: undo && { tool, arguments: { ...undo, precondition: { uid, values: valuesDigest(after) } } },
    gitops,
    effect: dryRun ? null : (effect ?? null),
    truncated: false,
    total: diff.length,
  }
}

function marked(live: Workload, effect: string): string {
  return [effect, ...effectsOf(live).filter((id) => id !== effect)].slice(0, KEPT_EFFECTS).join(',')
}

function effectsOf({ metadata }: Workload): string[] {
  return (metadata?.annotations?.[EFFECTS] ?? '').split(',').filter((id) => id !== '')
}

function diffOf(before: Values, after: Values): DiffLine[] {
  const fields = [...new Set([...Object.keys(before), ...Object.keys(after)])]
  return fields
    .map((field) => ({ field, from: before[field] ?? null, to: after[field] ?? null }))
    .filter(({ from, to }) => from !== to)
}

/** Whether a change with this effect id reached the workload, by the mark on it. Throws when the cluster cannot be asked. */
export async function probeWorkload(
  cluster: Cluster,
  {
    ref,
    precondition,
    effect,
    signal,
  }: { ref: ObjectRef; precondition: Precondition | undefined; effect: string; signal: AbortSignal },
): Promise<Probed> {
  const name = `${ref.kind.kind.toLowerCase()}/${ref.name}`
  const live = await cluster.object<Workload>(ref, signal).catch((error: unknown) => {
    if (error instanceof ToolError && error.code === 'not_found') return undefined
    throw error
  })
  if (!live) return { state: 'unknown', because: `${name} is gone, and its marks with it` }
  if (precondition && live.metadata?.uid !== precondition.uid)
    return { state: 'unknown', because: `${name} was deleted and made again since` }
  if (effectsOf(live).includes(effect)) return { state: 'done', because: `${name} carries the mark of this effect` }
  return { state: 'not_done', because: `${name} does not carry the mark of this effect` }
}
