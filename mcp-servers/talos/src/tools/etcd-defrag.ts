import { CallerError, Change, DryRun, IfStill, valuesDigest } from '@watchkeeper/mcp-shared'
import { z } from 'zod'
import { NodeName } from '../arguments.ts'
import { changeNode } from '../change-node.ts'
import type { EtcdStatus } from '../cluster.ts'
import { readEtcd } from '../etcd-view.ts'
import { controlPlane, nodeToChange } from '../nodes.ts'
import { assertEtcdWithout } from '../preflight.ts'
import { defineTool } from '../tool.ts'

/** Below this share of free pages a defragmentation blocks the member for nothing. */
const WORTH = 0.2

export const etcdDefrag = defineTool({
  name: 'etcd_defrag',
  title: 'Defragment one member of etcd',
  effect: 'destructive',
  undoable: false,
  description:
    'Gives the free pages of one etcd member back to the disk. The member does not answer while it runs, so etcd must be sound and keep its quorum without it; one member at a time, the leader last. Refused where less than 20 % would be freed.',
  input: z.strictObject({ node: NodeName, dry_run: DryRun, precondition: IfStill }),
  output: Change,
  target: ({ node }) => ['node', node, 'etcd'],
  run({ node, dry_run: dryRun, precondition }, cluster, context) {
    const { signal } = context
    let before: EtcdStatus | undefined
    let after: EtcdStatus | undefined
    return changeNode(
      cluster,
      {
        node,
        needs: 'os:operator',
        async values({ address, controlPlane: control, name }) {
          if (!control) throw new CallerError('refused', `${name} is a worker: etcd runs on control-plane nodes only.`)
          before = await cluster.etcdStatus(address, signal)
          return valuesOf(before)
        },
        async preflight({ node: member, values }) {
          const etcd = await readEtcd(cluster, await controlPlane(cluster, signal), signal)
          // A full database is what this mends; anything else is not.
          assertEtcdWithout(etcd, member.name, ['NOSPACE'])
          const own = etcd.members.find(({ name }) => name === member.name)
          if (own && !own.healthy)
            throw new CallerError('refused', `Nothing was changed: etcd on ${node} is not healthy (${own.because}).`)
          if (values.etcd_fragmented === false)
            throw new CallerError('refused', `Nothing was changed: ${sizes(before)}, which is not worth the pause.`)
          return [
            `etcd on ${node} does not answer while it runs; ${sizes(before)}.`,
            ...(own?.leader ? [`${node} leads etcd: defragment the other members first.`] : []),
          ]
        },
        expected: (values) => ({ ...values, etcd_fragmented: false }),
        async act({ node: member }) {
          await cluster.defragment(member.address, signal)
          after = await cluster.etcdStatus(member.address, signal)
          return { values: valuesOf(after), warnings: [`Now ${sizes(after)}.`] }
        },
        diff: () => [
          { field: 'etcd.db_size', from: before?.bytes ?? null, to: after?.bytes ?? before?.bytesInUse ?? null },
        ],
        summary: `defragment etcd on ${node}.`,
        undoable: false,
      },
      { dryRun, precondition, context },
    )
  },
  async probe({ node, precondition }, cluster, { signal }) {
    const member = await nodeToChange(cluster, node, signal)
    const status = await cluster.etcdStatus(member.address, signal)
    const values = valuesOf(status)
    if (values.etcd_fragmented) return { state: 'not_done', because: `etcd on ${node}: ${sizes(status)}` }
    const was = { ...values, etcd_fragmented: true }
    // Only a fragmented member passes the preflight, so that one which no longer is was defragmented.
    if (!precondition || precondition.values === valuesDigest(was))
      return { state: 'done', because: `etcd on ${node}: ${sizes(status)}` }
    return { state: 'unknown', because: `etcd on ${node} is another member now` }
  },
})

/** The size itself moves with every write; whether it is worth it does not, and is what an approval rests on. */
function valuesOf({ id, bytes, bytesInUse }: EtcdStatus) {
  return { etcd_member: id, etcd_fragmented: bytes > 0 && (bytes - bytesInUse) / bytes >= WORTH }
}

function sizes(status: EtcdStatus | undefined): string {
  const { bytes = 0, bytesInUse = 0 } = status ?? {}
  const free = bytes > 0 ? Math.round((100 * (bytes - bytesInUse)) / bytes) : 0
  return `${free} % of its ${Math.round(bytes / 1_048_576)} MiB are free pages`
}
