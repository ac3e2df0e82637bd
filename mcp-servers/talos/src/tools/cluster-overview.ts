import { count, oneLine, page } from '@watchkeeper/mcp-shared'
import { z } from 'zod'
import type { Member, TalosCluster } from '../cluster.ts'
import { readEtcd } from '../etcd-view.ts'
import { defineTool } from '../tool.ts'

const SHOWN = 100

export const clusterOverview = defineTool({
  name: 'cluster_overview',
  title: 'Look at a whole cluster',
  effect: 'read',
  description:
    'Every node with version, stage and services in trouble, and whether etcd is sound. Start here; it names the nodes for the other tools.',
  untrusted: true,
  input: z.strictObject({}),
  output: z.object({
    summary: z.string(),
    items: z.array(
      z.object({
        node: z.string(),
        address: z.string(),
        control_plane: z.boolean(),
        reachable: z.boolean(),
        version: z.string().nullable(),
        stage: z.string().nullable(),
        ready: z.boolean(),
        problems: z.array(z.string()),
      }),
    ),
    etcd: z
      .object({ members: z.number(), healthy: z.number(), quorum: z.number(), alarms: z.array(z.string()) })
      .nullable(),
    truncated: z.boolean(),
    total: z.number(),
  }),
  async run(_input, cluster, { signal }) {
    const members = await cluster.members(signal)
    const shown = page(members, SHOWN)
    const [items, etcd] = await Promise.all([
      Promise.all(shown.items.map((member) => viewOf(cluster, member, signal))),
      etcdOf(cluster, members, signal),
    ])
    const ready = items.filter((node) => node.ready).length
    const etcdSaid = etcd ? `${etcd.healthy} of ${count(etcd.members, 'etcd member')} healthy` : 'etcd does not answer'
    return {
      summary: `${ready} of ${count(members.length, 'node')} ready, ${etcdSaid}.`,
      ...shown,
      items,
      etcd,
    }
  },
})

async function viewOf(cluster: TalosCluster, { name, address, controlPlane }: Member, signal: AbortSignal) {
  const common = { node: name, address, control_plane: controlPlane }
  try {
    const [state, version, services] = await Promise.all([
      cluster.state(address, signal),
      cluster.version(address, signal),
      cluster.services(address, signal),
    ])
    const ill = services.filter(({ health, state: is }) => health === 'unhealthy' || is === 'Failed')
    const problems = [
      ...state.unmet,
      ...ill.map((one) => `${one.id} is ${one.health === 'unhealthy' ? 'unhealthy' : one.state}: ${one.message}`),
    ]
    return {
      ...common,
      reachable: true,
      version: version.tag,
      stage: state.stage,
      ready: state.ready,
      problems: problems.slice(0, 10).map((text) => oneLine(text, 300)),
    }
  } catch (error) {
    signal.throwIfAborted()
    const problem = error instanceof Error ? oneLine(error.message, 300) : 'no answer'
    return { ...common, reachable: false, version: null, stage: null, ready: false, problems: [problem] }
  }
}

async function etcdOf(cluster: TalosCluster, members: readonly Member[], signal: AbortSignal) {
  try {
    const nodes = members.filter((member) => member.controlPlane)
    const { members: found, healthy, quorum, alarms } = await readEtcd(cluster, nodes, signal)
    return {
      members: found.length,
      healthy,
      quorum,
      alarms: alarms.slice(0, 20).map(({ member, alarm }) => `${alarm} on ${member}`),
    }
  } catch {
    signal.throwIfAborted()
    return null
  }
}
