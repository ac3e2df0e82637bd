import { Change, DryRun, IfStill } from '@watchkeeper/mcp-shared'
import { z } from 'zod'
import { NodeName } from '../arguments.ts'
import { changeNode, probeBoot } from '../change-node.ts'
import { stateIfThere, untilGone } from '../follow.ts'
import { nodeToChange } from '../nodes.ts'
import { mayInterrupt } from '../preflight.ts'
import { defineTool } from '../tool.ts'

export const shutdown = defineTool({
  name: 'shutdown',
  title: 'Shut a node down',
  effect: 'destructive',
  undoable: false,
  description:
    'Shuts one node down in good order and waits until it answers no more. Nothing here turns it on again. The same checks as for reboot.',
  input: z.strictObject({ node: NodeName, dry_run: DryRun, precondition: IfStill }),
  output: Change,
  target: ({ node }) => ['node', node],
  run({ node, dry_run: dryRun, precondition }, cluster, context) {
    const { signal, progress } = context
    return changeNode(
      cluster,
      {
        node,
        needs: 'os:operator',
        // The boot it is in: another boot since means that somebody turned it off and on already.
        values: async (_member, { bootId }) => ({ boot_id: bootId }),
        async preflight({ node: member }) {
          const kept = await mayInterrupt(cluster, member, signal)
          return [`${node} stays off until somebody turns it on.`, ...kept]
        },
        expected: () => ({ boot_id: null }),
        async act({ node: member }) {
          const actor = await cluster.shutdown(member.address, signal)
          await untilGone(cluster, { order: 'shut down', node: member, actor, signal, progress })
          return { values: { boot_id: null } }
        },
        summary: `shut ${node} down.`,
        undoable: false,
      },
      { dryRun, precondition, context },
    )
  },
  async probe({ node, precondition }, cluster, { signal }) {
    const member = await nodeToChange(cluster, node, signal)
    if (await stateIfThere(cluster, member, signal)) {
      // A node that answers in the boot it was in was not shut down, whatever else cannot be told.
      if (!precondition) return { state: 'not_done', because: `${node} answers` }
      return probeBoot(cluster, node, precondition, signal)
    }
    const others = (await cluster.members(signal)).filter(({ name }) => name !== node)
    const answers = await Promise.all(others.slice(0, 5).map((other) => stateIfThere(cluster, other, signal)))
    return answers.some((answer) => answer !== undefined)
      ? { state: 'done', because: `${node} answers no more, while other nodes of the cluster do` }
      : { state: 'unknown', because: 'no node of the cluster answers' }
  },
})
