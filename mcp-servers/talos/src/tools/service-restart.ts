import { CallerError, Change, DryRun, IfStill, valuesDigest } from '@watchkeeper/mcp-shared'
import { z } from 'zod'
import { NodeName, ServiceName } from '../arguments.ts'
import { changeNode } from '../change-node.ts'
import { assertNotBase, isUp, serviceNamed, waitForService } from '../change-service.ts'
import { nodeToChange } from '../nodes.ts'
import { defineTool } from '../tool.ts'

export const serviceRestart = defineTool({
  name: 'service_restart',
  title: 'Restart a service',
  effect: 'write',
  undoable: false,
  description:
    'Restarts one Talos service on one node, such as the kubelet, and waits until it runs and is healthy. Never etcd, nor what carries the node.',
  input: z.strictObject({ node: NodeName, service: ServiceName, dry_run: DryRun, precondition: IfStill }),
  output: Change,
  target: ({ node, service }) => ['node', node, 'service', service],
  run({ node, service, dry_run: dryRun, precondition }, cluster, context) {
    const { signal } = context
    const field = `services.${service}.started_at`
    return changeNode(
      cluster,
      {
        node,
        needs: 'os:operator',
        values: async (member) => ({ [field]: (await serviceNamed(cluster, member, service, signal)).startedAt }),
        async preflight() {
          if (service === 'etcd')
            throw new CallerError(
              'refused',
              'Nothing was changed: etcd is not restarted by itself. Reboot the node, which checks the quorum first.',
            )
          assertNotBase(service)
          return service === 'kubelet' ? ['Pods go on running while the kubelet restarts.'] : []
        },
        expected: () => ({ [field]: 'the time it runs' }),
        async act({ node: member, values }) {
          await cluster.restartService(member.address, service, signal)
          const wanted = (one: Parameters<typeof isUp>[0]) => isUp(one) && one.startedAt !== values[field]
          const { service: now, reached } = await waitForService(cluster, member, service, { wanted, signal })
          const said = `${service} is ${now.state} and ${now.health} after the restart: ${now.message}`
          return { values: { [field]: now.startedAt }, warnings: reached ? [] : [said] }
        },
        summary: `restart ${service} on ${node}.`,
        undoable: false,
      },
      { dryRun, precondition, context },
    )
  },
  async probe({ node, service, precondition }, cluster, { signal }) {
    const member = await nodeToChange(cluster, node, signal)
    const { startedAt, state } = await serviceNamed(cluster, member, service, signal)
    // Ordered already, or somebody else's: what began to go down or up now may be this change on its way.
    if (MOVING.has(state))
      return { state: 'unknown', because: `${service} on ${node} is ${state} now; ask again when it has settled` }
    if (!precondition) return { state: 'unknown', because: `the call had no precondition to compare ${service} with` }
    const same = valuesDigest({ [`services.${service}.started_at`]: startedAt }) === precondition.values
    return same
      ? { state: 'not_done', because: `${service} on ${node} runs since ${startedAt}, as before` }
      : { state: 'done', because: `${service} on ${node} was started again at ${startedAt}` }
  },
})

const MOVING = new Set(['Preparing', 'Stopping', 'Starting', 'Waiting'])
