import { Change, type Probed } from '@watchkeeper/mcp-shared'
import { z } from 'zod'
import { Name, Rehearsal } from '../arguments.ts'
import {
  assertLive,
  changeAnswer,
  effectsOf,
  type HowToRun,
  markOf,
  unlessGone,
  untilStill,
  type Values,
} from '../change-object.ts'
import type { Cluster } from '../cluster.ts'
import { nodeRef } from '../cordon.ts'
import { drainPods, refuseDrain, stayWarnings } from '../drain-pods.ts'
import type { Node } from '../objects.ts'
import { podPath, podsOnNode, type Sorted } from '../pods-on-node.ts'
import { defineTool } from '../tool.ts'

export const drain = defineTool({
  name: 'drain',
  title: 'Drain a node',
  effect: 'destructive',
  undoable: false,
  idempotent: true,
  description:
    'Closes a node and evicts its pods; says which disruption budget blocks it. DaemonSet and static pods stay. Refused when a pod would be lost or has nowhere to go.',
  input: z.strictObject({
    name: Name,
    delete_empty_dir: z.boolean().default(false).describe('Also pods whose emptyDir data is lost.'),
    wait_seconds: z.int().min(5).max(100).default(60).describe('For budgets, and for pods to end.'),
    ...Rehearsal,
  }),
  output: Change,
  target: ({ name }) => ['node', name],
  async run({ name: node, delete_empty_dir, wait_seconds, ...rest }, cluster, { signal, effect, progress, spare }) {
    const how = { dryRun: rest.dry_run, precondition: rest.precondition, effect, signal }
    const pods = await podsOnNode(cluster, node, signal)
    for (const { metadata } of pods.evicted) spare(['pod', metadata?.namespace ?? '', metadata?.name ?? ''])
    await refuseDrain(cluster, { node, pods, deleteEmptyDir: delete_empty_dir }, signal)
    const { live, values } = await untilStill(() => close(cluster, node, pods, how))
    const left = how.dryRun ? [] : await drainPods(cluster, { node, pods, waitSeconds: wait_seconds, signal, progress })
    const closing = { field: 'unschedulable', from: values.unschedulable ?? null, to: true }
    const moving = pods.evicted.map((pod) => ({ field: `pod ${podPath(pod)}`, from: `on ${node}`, to: null }))
    return changeAnswer(cluster, {
      ref: nodeRef(node),
      live,
      values,
      diff: [...(values.unschedulable === true ? [] : [closing]), ...moving],
      summary: `close ${node} and evict ${moving.length} of its pods.`,
      warnings: [...stayWarnings(live, pods), ...left],
      undoable: false,
      undo: null,
      how,
    })
  },
  probe: ({ name: node }, cluster, { effect, signal }) => probeDrain(cluster, node, effect, signal),
})

/** Closes the node with the version that was checked, and marks it: from here on nothing new comes. */
async function close(
  cluster: Cluster,
  node: string,
  pods: Sorted,
  how: HowToRun,
): Promise<{ live: Node; values: Values }> {
  const ref = nodeRef(node)
  const live = await cluster.readForChange<Node>(ref, how.signal)
  const values = { unschedulable: live.spec?.unschedulable === true, pods: pods.evicted.map(podPath).join(',') }
  assertLive(how.precondition, ref, live, values)
  const { resourceVersion } = live.metadata ?? {}
  const annotations = how.effect && !how.dryRun ? markOf(live, how.effect) : {}
  const patch = { metadata: { resourceVersion, annotations }, spec: { unschedulable: true } }
  how.signal.throwIfAborted()
  await cluster.patch(ref, patch, { dryRun: how.dryRun }, how.signal)
  return { live, values }
}

async function probeDrain(cluster: Cluster, node: string, effect: string, signal: AbortSignal): Promise<Probed> {
  const live = await unlessGone(cluster.object<Node>(nodeRef(node), signal))
  if (!live) return { state: 'unknown', because: `node/${node} is gone, and its marks with it` }
  if (!effectsOf(live).includes(effect))
    return { state: 'not_done', because: `node/${node} does not carry the mark of this effect` }
  const { evicted } = await podsOnNode(cluster, node, signal)
  return evicted.length === 0
    ? { state: 'done', because: `node/${node} was closed by this effect and its pods have left` }
    : {
        state: 'unknown',
        because: `node/${node} was closed by this effect, and ${evicted.length} pods are still there`,
      }
}
