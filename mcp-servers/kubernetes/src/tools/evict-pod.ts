import { CallerError, Change } from '@watchkeeper/mcp-shared'
import { z } from 'zod'
import { Name, Namespace, Rehearsal } from '../arguments.ts'
import { assertLive, changeAnswer, probeGone } from '../change-object.ts'
import { wellKnown } from '../kinds.ts'
import type { Pod } from '../objects.ts'
import { controllerOf, isMirror, usesEmptyDir } from '../pods-on-node.ts'
import { defineTool } from '../tool.ts'
import { requirePrecondition } from './delete.ts'

export const evictPod = defineTool({
  name: 'evict_pod',
  title: 'Evict one pod',
  effect: 'destructive',
  undoable: false,
  idempotent: true,
  description:
    'Ends one pod so that its controller makes another. A disruption budget that forbids it is named. The real run needs the precondition of a dry run.',
  input: z.strictObject({ namespace: Namespace, pod: Name, ...Rehearsal }),
  output: Change,
  target: ({ namespace, pod }) => ['pod', namespace, pod],
  async run({ namespace, pod: name, dry_run: dryRun, precondition }, cluster, { signal, effect }) {
    const ref = { kind: wellKnown('Pod'), namespace, name }
    requirePrecondition(dryRun, precondition)
    const live = await cluster.readForChange<Pod>(ref, signal)
    const node = live.spec?.nodeName ?? null
    assertLive(precondition, ref, live, { node })
    refuse(live)
    signal.throwIfAborted()
    await cluster.evict(ref, { uid: live.metadata?.uid ?? '', dryRun }, signal)
    return changeAnswer(cluster, {
      ref,
      live,
      values: { node },
      diff: [{ field: `pod ${namespace}/${name}`, from: node === null ? 'waiting' : `on ${node}`, to: null }],
      summary: `evict pod ${name} in ${namespace}${node ? ` from ${node}` : ''}.`,
      warnings: [
        ...(controllerOf(live) === 'DaemonSet' ? ['Its DaemonSet makes it again on the same node.'] : []),
        ...(usesEmptyDir(live) ? ['It has an emptyDir volume: what is in there is lost.'] : []),
      ],
      undoable: false,
      undo: null,
      how: { dryRun, precondition, effect, signal },
    })
  },
  probe: ({ namespace, pod: name, precondition }, cluster, { signal }) =>
    probeGone(cluster, { ref: { kind: wellKnown('Pod'), namespace, name }, precondition, signal }),
})

function refuse(pod: Pod): void {
  const name = pod.metadata?.name
  if (pod.metadata?.deletionTimestamp) throw new CallerError('refused', `pod/${name} is ending already.`)
  if (isMirror(pod)) throw new CallerError('refused', `pod/${name} mirrors a static pod, which no eviction moves.`)
  if (controllerOf(pod) === undefined)
    throw new CallerError('refused', `pod/${name} has no controller: nothing would make it again.`)
}
