import { CallerError, Change, DryRun, IfStill } from '@watchkeeper/mcp-shared'
import { z } from 'zod'
import { NodeName } from '../arguments.ts'
import { changeNode } from '../change-node.ts'
import { defineTool } from '../tool.ts'

export const etcdSnapshot = defineTool({
  name: 'etcd_snapshot',
  title: 'Save a snapshot of etcd',
  effect: 'write',
  undoable: false,
  description:
    "Streams etcd's database from one control-plane node into the folder the server was configured with, checks its checksum, and answers file, size and digest. The file holds every Secret of the cluster; no tool reads it back.",
  input: z.strictObject({ node: NodeName, dry_run: DryRun, precondition: IfStill }),
  output: Change.extend({
    snapshot: z.object({ file: z.string(), bytes: z.number(), sha256: z.string() }).nullable(),
  }),
  target: ({ node }) => ['node', node, 'etcd'],
  async run({ node, dry_run: dryRun, precondition }, cluster, context) {
    const { signal, effect = '' } = context
    let saved: Awaited<ReturnType<typeof cluster.saveSnapshot>> | null = null
    const change = await changeNode(
      cluster,
      {
        node,
        needs: 'os:operator',
        async values({ address, controlPlane, name }) {
          if (!controlPlane)
            throw new CallerError('refused', `${name} is a worker: etcd runs on control-plane nodes only.`)
          return { etcd_member: (await cluster.etcdStatus(address, signal)).id }
        },
        async preflight({ node: member }) {
          // Asks for the folder too: a missing one is said before anybody approves.
          await cluster.findSnapshot(effect || 'none', signal)
          const { bytes, errors } = await cluster.etcdStatus(member.address, signal)
          return [
            `The file will have about ${Math.ceil(bytes / 1_048_576)} MiB and hold every Secret of the cluster.`,
            ...errors.map((error) => `etcd on ${node} says: ${error}`),
          ]
        },
        expected: (values) => values,
        async act({ node: member, values }) {
          saved = await cluster.saveSnapshot(member.address, { node: member.name, effect }, signal)
          return { values }
        },
        diff: () => [{ field: 'snapshot', from: null, to: saved?.file ?? 'a new file' }],
        summary: `save a snapshot of etcd from ${node}.`,
        undoable: false,
      },
      { dryRun, precondition, context },
    )
    return { ...change, snapshot: saved }
  },
  async probe({ node }, cluster, { signal, effect }) {
    const found = await cluster.findSnapshot(effect, signal)
    return found
      ? { state: 'done', because: `${found.file} is there, whole, with ${found.bytes} bytes` }
      : { state: 'not_done', because: `there is no finished snapshot of ${node} with this effect id` }
  },
})
