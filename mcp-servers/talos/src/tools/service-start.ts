import { Change, DryRun, IfStill, valuesDigest } from '@watchkeeper/mcp-shared'
import { z } from 'zod'
import { NodeName, ServiceName } from '../arguments.ts'
import { changeNode } from '../change-node.ts'
import { isUp, serviceNamed, waitForService } from '../change-service.ts'
import { nodeToChange } from '../nodes.ts'
import { defineTool } from '../tool.ts'

export const serviceStart = defineTool({
  name: 'service_start',
  title: 'Start a service',
  effect: 'destructive',
  undoable: true,
  idempotent: true,
  description: 'Starts one Talos service on one node that was stopped, and waits until it runs and is healthy.',
  input: z.strictObject({ node: NodeName, service: ServiceName, dry_run: DryRun, precondition: IfStill }),
  output: Change,
  target: ({ node, service }) => ['node', node, 'service', service],
  run({ node, service, dry_run: dryRun, precondition }, cluster, context) {
    const { signal } = context
    const field = `services.${service}.state`
    let uid = ''
    return changeNode(
      cluster,
      {
        node,
        needs: 'os:operator',
        async values(member, state) {
          uid = state.uid
          return { [field]: (await serviceNamed(cluster, member, service, signal)).state }
        },
        preflight: async ({ values }) =>
          values[field] === 'Running' ? [`${service} runs already: nothing changes.`] : [],
        expected: () => ({ [field]: 'Running' }),
        async act({ node: member, values }) {
          if (values[field] === 'Running') return { values }
          await cluster.startService(member.address, service, signal)
          const { service: now, reached } = await waitForService(cluster, member, service, { wanted: isUp, signal })
          const said = `${service} is ${now.state} and ${now.health}: ${now.message}`
          return { values: { [field]: now.state }, warnings: reached ? [] : [said] }
        },
        summary: `start ${service} on ${node}.`,
        undoable: true,
        undo: (before, after) =>
          before[field] === 'Running'
            ? null
            : {
                tool: 'service_stop',
                arguments: { node, service, precondition: { uid, values: valuesDigest({ ...after }) } },
              },
      },
      { dryRun, precondition, context },
    )
  },
  async probe({ node, service }, cluster, { signal }) {
    const member = await nodeToChange(cluster, node, signal)
    const { state } = await serviceNamed(cluster, member, service, signal)
    return state === 'Running'
      ? { state: 'done', because: `${service} on ${node} runs` }
      : { state: 'not_done', because: `${service} on ${node} is ${state}` }
  },
})
