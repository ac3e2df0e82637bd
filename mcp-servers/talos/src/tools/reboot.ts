import { Change, DryRun, IfStill } from '@watchkeeper/mcp-shared'
import { z } from 'zod'
import { NodeName } from '../arguments.ts'
import { changeNode, probeBoot } from '../change-node.ts'
import { untilBack } from '../follow.ts'
import { mayInterrupt } from '../preflight.ts'
import { defineTool } from '../tool.ts'

export const reboot = defineTool({
  name: 'reboot',
  title: 'Reboot a node',
  effect: 'destructive',
  undoable: false,
  description:
    'Reboots one node in good order and follows it until it runs again. A control-plane node only where etcd is sound and keeps its quorum without it. `powercycle` goes through the firmware instead of kexec.',
  input: z.strictObject({
    node: NodeName,
    powercycle: z.boolean().default(false),
    dry_run: DryRun,
    precondition: IfStill,
  }),
  output: Change,
  target: ({ node }) => ['node', node],
  run({ node, powercycle, dry_run: dryRun, precondition }, cluster, context) {
    const { signal, progress } = context
    return changeNode(
      cluster,
      {
        node,
        needs: 'os:operator',
        values: async (_member, { bootId }) => ({ boot_id: bootId }),
        preflight: ({ node: member }) => mayInterrupt(cluster, member, signal),
        expected: () => ({ boot_id: 'the time it boots' }),
        async act({ node: member, state }) {
          const actor = await cluster.reboot(member.address, { powercycle }, signal)
          const back = await untilBack(cluster, state, { order: 'reboot', node: member, actor, signal, progress })
          const unmet = back.ready ? [] : [`${node} runs and is not ready yet: ${back.unmet.join('; ')}`]
          return { values: { boot_id: back.bootId }, warnings: unmet }
        },
        summary: `reboot ${node}.`,
        undoable: false,
      },
      { dryRun, precondition, context },
    )
  },
  probe: ({ node, precondition }, cluster, { signal }) => probeBoot(cluster, node, precondition, signal),
})
