import { CallerError, Change, digestOf, type Precondition } from '@watchkeeper/mcp-shared'
import { z } from 'zod'
import { Name, Namespace, Rehearsal } from '../arguments.ts'
import { assertLive, changeAnswer, nameOf, probeGone } from '../change-object.ts'
import { DeletedKind } from '../changeable-kinds.ts'
import type { ObjectRef } from '../cluster.ts'
import { wellKnown } from '../kinds.ts'
import type { KubeObject, Pod, Workload } from '../objects.ts'
import { isMirror } from '../pods-on-node.ts'
import { defineTool } from '../tool.ts'

export const deleteTool = defineTool({
  name: 'delete',
  title: 'Delete one object',
  effect: 'destructive',
  undoable: false,
  idempotent: true,
  description:
    'Deletes one named object and what it owns. The real run needs the precondition of a dry run. A pod that a disruption budget protects is refused.',
  input: z.strictObject({ kind: DeletedKind, namespace: Namespace, name: Name, ...Rehearsal }),
  output: Change,
  target: ({ kind, namespace, name }) => [kind.toLowerCase(), namespace, name],
  async run({ kind, namespace, name, dry_run: dryRun, precondition }, cluster, { signal, effect }) {
    const ref = { kind: wellKnown(kind), namespace, name }
    requirePrecondition(dryRun, precondition)
    const live = await cluster.readForChange<KubeObject>(ref, signal)
    const { apiVersion: _v, kind: _k, metadata = {}, status: _s, ...contents } = live
    const values = { contents: digestOf(contents) }
    assertLive(precondition, ref, live, values)
    refuse(ref, live)
    const uid = metadata.uid ?? ''
    // An eviction that would be refused must not be got round by a deletion.
    if (kind === 'Pod') await cluster.evict(ref, { uid, dryRun: true }, signal)
    signal.throwIfAborted()
    await cluster.delete(ref, { uid, dryRun }, signal)
    return changeAnswer(cluster, {
      ref,
      live,
      values,
      diff: [{ field: nameOf(ref), from: 'present', to: null }],
      summary: `delete ${nameOf(ref)} in ${namespace}.`,
      warnings: warningsOf(live, kind),
      undoable: false,
      undo: null,
      how: { dryRun, precondition, effect, signal },
    })
  },
  probe: ({ kind, namespace, name, precondition }, cluster, { signal }) =>
    probeGone(cluster, { ref: { kind: wellKnown(kind), namespace, name }, precondition, signal }),
})

/** What cannot carry a mark is told apart by its uid, so a real run must name it. */
export function requirePrecondition(dryRun: boolean, precondition: Precondition | undefined): void {
  if (!dryRun && !precondition)
    throw new CallerError(
      'refused',
      'This needs the precondition of a dry run, which names the very object by its uid.',
    )
}

function refuse(ref: ObjectRef, live: KubeObject): void {
  if (live.metadata?.deletionTimestamp) throw new CallerError('refused', `${nameOf(ref)} is being deleted already.`)
  if (ref.kind.kind === 'Pod' && isMirror(live as Pod))
    throw new CallerError('refused', `${nameOf(ref)} mirrors a static pod: its node's kubelet makes it again at once.`)
}

function warningsOf({ metadata, spec }: KubeObject, kind: string): string[] {
  const owner = metadata?.ownerReferences?.find(({ controller }) => controller === true)
  const finalizers = metadata?.finalizers ?? []
  const pods = ['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet'].includes(kind)
  const replicas = (spec as Workload['spec'])?.replicas
  return [
    ...(owner ? [`${owner.kind} ${owner.name} makes another in its place.`] : []),
    ...(kind === 'Pod' && !owner ? ['Nothing makes this pod again.'] : []),
    ...(pods && !owner && replicas !== 0 ? ['Its pods end with it, and nothing makes it again.'] : []),
    ...(finalizers.length > 0 ? [`It goes only when ${finalizers.join(', ')} let it.`] : []),
  ]
}
