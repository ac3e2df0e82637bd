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
import type { KubeObject } from './objects.ts'

/** The annotation that says which effects a person approved have reached this object: ids, newest first. */
export const EFFECTS = 'watchkeeper/effects'
const KEPT_EFFECTS = 8
const TRIES = 5

/** The values a change touches, by the name people read in the diff. */
export type Values = Record<string, string | number | boolean | null>

export type ObjectChange<T extends KubeObject> = {
  tool: string
  ref: ObjectRef
  /** The live values of exactly the fields this touches. */
  values: (object: T) => Values
  /** The patch; what it says of metadata is kept beside the mark. Throws when the live object forbids it. */
  patch: (live: T) => { metadata?: { annotations?: object; labels?: object }; spec?: object }
  warnings: (live: T) => Promise<string[]> | string[]
  /** The arguments that put things back, or null. */
  undo: (live: T) => Record<string, unknown> | null
  /** The tool that takes those arguments; this one when left out. */
  undoTool?: string
  summary: (diff: readonly DiffLine[]) => string
  /** What a dry run shows for values that only the real run can know, such as its own time. */
  rehearsed?: (after: Values) => Values
  /** What people see where the values are no text for people, such as digests. */
  diff?: (live: T, changed: T) => DiffLine[]
  undoable: boolean
}

export type HowToRun = {
  dryRun: boolean
  precondition: Precondition | undefined
  effect: string | undefined
  signal: AbortSignal
}

/**
 * Rehearses or makes one change of an object: reads it with the operator's credential, checks the precondition, and
 * patches with the version it read, so that check and change are one. When only the status moved in between, it reads again.
 */
export async function changeObject<T extends KubeObject>(
  cluster: Cluster,
  change: ObjectChange<T>,
  how: HowToRun,
): Promise<Change> {
  return untilStill(() => changeOnce(cluster, change, how))
}

/** Tries again while the API server says that the object moved between the read and the write. */
export async function untilStill<T>(attempt: () => Promise<T>): Promise<T> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await attempt()
    } catch (error) {
      const moved = error instanceof ToolError && error.code === 'conflict' && error.retryable
      if (!moved || tried >= TRIES) throw error
    }
  }
}

async function changeOnce<T extends KubeObject>(
  cluster: Cluster,
  change: ObjectChange<T>,
  how: HowToRun,
): Promise<Change> {
  const { ref, tool } = change
  const { dryRun, effect, signal } = how
  const live = await cluster.readForChange<T>(ref, signal)
  const before = change.values(live)
  assertLive(how.precondition, ref, live, before)
  const patch = change.patch(live)
  const annotations = { ...patch.metadata?.annotations, ...(effect && !dryRun ? markOf(live, effect) : {}) }
  const metadata = { ...patch.metadata, resourceVersion: live.metadata?.resourceVersion, annotations }
  const warnings = await change.warnings(live)
  signal.throwIfAborted()
  const changed = await cluster.patch<T>(ref, { ...patch, metadata }, { dryRun }, signal)
  const after = change.values(changed)
  const diff = change.diff?.(live, changed) ?? diffOf(before, dryRun ? (change.rehearsed?.(after) ?? after) : after)
  const undo = change.undo(live)
  const { uid = '' } = live.metadata ?? {}
  return changeAnswer(cluster, {
    ref,
    live,
    values: before,
    diff,
    summary: change.summary(diff),
    warnings,
    undoable: change.undoable,
    undo: undo && {
      tool: change.undoTool ?? tool,
      arguments: { ...undo, precondition: { uid, values: valuesDigest(after) } },
    },
    how,
  })
}

export type ChangeParts = {
  ref: ObjectRef
  /** The object before; undefined for one that is not there yet. */
  live: KubeObject | undefined
  values: Values
  diff: readonly DiffLine[]
  summary: string
  warnings: readonly string[]
  undoable: boolean
  undo: Change['undo']
  how: HowToRun
}

/** The answer of a changing tool, with what every one of them tells: GitOps ownership and the precondition to send back. */
export function changeAnswer(cluster: Cluster, parts: ChangeParts): Change {
  const { ref, live, diff, how } = parts
  const { uid = '', generation = null } = live?.metadata ?? {}
  const gitops = gitopsOwner(live?.metadata)
  return {
    summary: `${how.dryRun ? 'Would' : 'Did'} ${parts.summary}`,
    dry_run: how.dryRun,
    target: { cluster: cluster.name, kind: ref.kind.kind, namespace: ref.namespace ?? null, name: ref.name, uid },
    diff: [...diff],
    precondition: { uid, generation, values: valuesDigest(parts.values) },
    warnings: [
      ...(diff.length === 0 ? ['These values are set already: nothing changes.'] : []),
      ...(gitops
        ? [`${gitops.by} writes this object from "${gitops.owner}" and will take the change back: change it there too.`]
        : []),
      ...parts.warnings,
    ],
    undoable: parts.undoable,
    undo: parts.undo,
    gitops,
    effect: how.dryRun ? null : (how.effect ?? null),
    truncated: false,
    total: diff.length,
  }
}

/** Throws `conflict`, saying what changed, unless the live object is the one the precondition saw. */
export function assertLive(
  precondition: Precondition | undefined,
  ref: ObjectRef,
  live: KubeObject | undefined,
  values: Values,
): void {
  const { uid = '', generation = null } = live?.metadata ?? {}
  assertStill(precondition, { uid, generation, values, name: nameOf(ref) })
}

/** `deployment/cart`, as people name an object. */
export function nameOf({ kind, name }: ObjectRef): string {
  return `${kind.kind.toLowerCase()}/${name}`
}

/** The annotation with one more effect on it. */
export function markOf(live: KubeObject | undefined, effect: string): Record<string, string> {
  const ids = [effect, ...effectsOf(live).filter((id) => id !== effect)]
  return { [EFFECTS]: ids.slice(0, KEPT_EFFECTS).join(',') }
}

export function effectsOf(object: KubeObject | undefined): string[] {
  return (object?.metadata?.annotations?.[EFFECTS] ?? '').split(',').filter((id) => id !== '')
}

function diffOf(before: Values, after: Values): DiffLine[] {
  const fields = [...new Set([...Object.keys(before), ...Object.keys(after)])]
  return fields
    .map((field) => ({ field, from: before[field] ?? null, to: after[field] ?? null }))
    .filter(({ from, to }) => from !== to)
}

/** The object, or undefined when it is not there. */
export async function unlessGone<T>(read: Promise<T>): Promise<T | undefined> {
  try {
    return await read
  } catch (error) {
    if (error instanceof ToolError && error.code === 'not_found') return undefined
    throw error
  }
}

export type ProbeQuestion = {
  ref: ObjectRef
  precondition: Precondition | undefined
  effect: string
  signal: AbortSignal
}

/** Whether a change with this effect id reached the object, by the mark on it. Throws when the cluster cannot be asked. */
export async function probeMark(
  cluster: Cluster,
  { ref, precondition, effect, signal }: ProbeQuestion,
): Promise<Probed> {
  const name = nameOf(ref)
  const live = await unlessGone(cluster.object(ref, signal))
  if (!live) return { state: 'unknown', because: `${name} is gone, and its marks with it` }
  if (precondition && live.metadata?.uid !== precondition.uid)
    return { state: 'unknown', because: `${name} was deleted and made again since` }
  if (effectsOf(live).includes(effect)) return { state: 'done', because: `${name} carries the mark of this effect` }
  return { state: 'not_done', because: `${name} does not carry the mark of this effect` }
}

/** Whether exactly this object has gone, which is all a deletion or eviction can leave behind. */
export async function probeGone(
  cluster: Cluster,
  { ref, precondition, signal }: Omit<ProbeQuestion, 'effect'>,
): Promise<Probed> {
  const name = nameOf(ref)
  if (!precondition)
    return { state: 'unknown', because: 'without the uid of a precondition nothing tells which was meant' }
  const live = await unlessGone(cluster.object(ref, signal))
  if (!live) return { state: 'done', because: `${name} is gone` }
  if (live.metadata?.uid !== precondition.uid)
    return { state: 'done', because: `that ${name} is gone; there is a new one of this name` }
  if (live.metadata.deletionTimestamp) return { state: 'done', because: `${name} is ending` }
  return { state: 'not_done', because: `${name} is still there` }
}
