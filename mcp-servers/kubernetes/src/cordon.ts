import type { Change } from '@watchkeeper/mcp-shared'
import { changeObject, type HowToRun } from './change-object.ts'
import type { Cluster } from './cluster.ts'
import { wellKnown } from './kinds.ts'
import type { Node } from './objects.ts'
import { isControlPlane, otherNodes } from './pods-on-node.ts'

export function nodeRef(name: string) {
  return { kind: wellKnown('Node'), name }
}

/** Closes a node to new pods, or opens it again. What runs there stays. */
export async function setSchedulable(
  cluster: Cluster,
  { node, schedulable }: { node: string; schedulable: boolean },
  how: HowToRun,
): Promise<Change> {
  const ref = nodeRef(node)
  return changeObject<Node>(
    cluster,
    {
      tool: schedulable ? 'uncordon' : 'cordon',
      undoTool: schedulable ? 'cordon' : 'uncordon',
      ref,
      undoable: true,
      values: ({ spec }) => ({ unschedulable: spec?.unschedulable === true }),
      patch: () => ({ spec: { unschedulable: schedulable ? null : true } }),
      warnings: async (live) => (schedulable ? [] : cordonWarnings(cluster, live, how.signal)),
      undo: ({ spec }) => ((spec?.unschedulable === true) === schedulable ? { name: node } : null),
      summary: () => (schedulable ? `open ${node} to new pods.` : `close ${node} to new pods; those there stay.`),
    },
    how,
  )
}

async function cordonWarnings(cluster: Cluster, live: Node, signal: AbortSignal): Promise<string[]> {
  const others = await otherNodes(cluster, live.metadata?.name ?? '', signal)
  return [
    ...(others.length === 0 ? ['No other node takes pods: new ones will wait.'] : []),
    ...(isControlPlane(live) ? ['It is a control-plane node.'] : []),
  ]
}
