import { Change, DryRun, IfStill, valuesDigest } from '@watchkeeper/mcp-shared'
import { z } from 'zod'
import { NodeName, ServiceName } from '../arguments.ts'
import { changeNode } from '../change-node.ts'
import { assertNotBase, isDown, serviceNamed, waitForService } from '../change-service.ts'
import { nodeToChange } from '../nodes.ts'
import { mayInterrupt } from '../preflight.ts'
import { defineTool } from '../tool.ts'

export const serviceStop = defineTool({
  name: 'service_stop',
  title: 'Stop a service',
  effect: 'destructive',
  undoable: true,
  idempotent: true,
  description:
    'Stops one Talos service on one node; it stays down until service_start or a reboot. On a control-plane node only where etcd and the others would go on without it.',
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
        async preflight({ node: member, values }) {
          assertNotBase(service)
          if (values[field] === 'Finished') return [`${service} is stopped already: nothing changes.`]
          const kept = member.controlPlane ? await mayInterrupt(cluster, member, signal) : []
          const loses = `${service} on ${node} serves no more until it is started again.`
          return [loses, ...kept]
        },
        expected: () => ({ [field]: 'Finished' }),
        async act({ node: member, values }) {
          if (values[field] === 'Finished') return { values }
          await cluster.stopService(member.address, service, signal)
          const { service: now, reached } = await waitForService(cluster, member, service, { wanted: isDown, signal })
          return { values: { [field]: now.state }, warnings: reached ? [] : [`${service} is still ${now.state}.`] }
        },
        summary: `stop ${service} on ${node}.`,
        undoable: true,
        undo: (_before, after) => ({
          tool: 'service_start',
          arguments: { node, service, precondition: { uid, values: valuesDigest({ ...after }) } },
        }),
      },
      { dryRun, precondition, context },
    )
  },
  async probe({ node, service }, cluster, { signal }) {
    const member = await nodeToChange(cluster, node, signal)
    const now = await serviceNamed(cluster, member, service, signal)
    if (isDown(now)) return { state: 'done', because: `${service} on ${node} is ${now.state}` }
    return now.state === 'Stopping'
      ? { state: 'unknown', because: `${service} on ${node} is stopping` }
      : { state: 'not_done', because: `${service} on ${node} is ${now.state}` }
  },
})
