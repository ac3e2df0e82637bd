import { Change, DryRun, IfStill } from '@watchkeeper/mcp-shared'
import { z } from 'zod'
import { NodeName } from '../arguments.ts'
import { changeNode, probeBoot } from '../change-node.ts'
import { untilBack } from '../follow.ts'
import { mayInterrupt } from '../preflight.ts'
import { defineTool } from '../tool.ts'

export const rollback = defineTool({
  name: 'rollback',
  title: 'Roll Talos back on a node',
  effect: 'destructive',
  undoable: false,
  description:
    'Boots one node into the Talos that it ran before its last upgrade, and follows it until it runs again. The same checks as for reboot. Data and configuration stay.',
  input: z.strictObject({ node: NodeName, dry_run: DryRun, precondition: IfStill }),
  output: Change,
  target: ({ node }) => ['node', node],
  run({ node, dry_run: dryRun, precondition }, cluster, context) {
    const { signal, progress } = context
    return changeNode(
      cluster,
      {
        node,
        needs: 'os:admin',
        values: async (_member, { bootId }) => ({ boot_id: bootId }),
        async preflight({ node: member }) {
          const kept = await mayInterrupt(cluster, member, signal)
          const { tag } = await cluster.version(member.address, signal)
          return [`${node} runs ${tag}; which version it goes back to is known only once it has.`, ...kept]
        },
        expected: () => ({ boot_id: 'the time it boots' }),
        async act({ node: member, state }) {
          await cluster.rollback(member.address, signal)
          const following = { order: 'roll back', node: member, actor: '', signal, progress }
          const back = await untilBack(cluster, state, following)
          const { tag } = await cluster.version(member.address, signal)
          return { values: { boot_id: back.bootId }, warnings: [`${node} runs ${tag} now.`] }
        },
        summary: `roll Talos back on ${node}.`,
        undoable: false,
      },
      { dryRun, precondition, context },
    )
  },
  probe: ({ node, precondition }, cluster, { signal }) => probeBoot(cluster, node, precondition, signal),
})
