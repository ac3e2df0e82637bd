import { CallerError } from '@watchkeeper/mcp-shared'
import type { Member, TalosCluster } from './cluster.ts'
import { type EtcdView, readEtcd } from './etcd-view.ts'
import { controlPlane } from './nodes.ts'

/**
 * What has to hold before a node stops serving for a while. A control-plane node: every other etcd member healthy, no alarm,
 * quorum without it, not the last one, every other control-plane node ready. Throws `refused` with what does not hold.
 *
 * @returns warnings to show with the plan
 */
export async function mayInterrupt(cluster: TalosCluster, node: Member, signal: AbortSignal): Promise<string[]> {
  if (!node.controlPlane) return [`Pods on ${node.name} stop with it: drain the node first where that matters.`]
  const nodes = await controlPlane(cluster, signal)
  const others = nodes.filter(({ name }) => name !== node.name)
  const etcd = await readEtcd(cluster, [...others, node], signal)
  assertEtcdWithout(etcd, node.name)
  await assertReady(cluster, others, node.name, signal)
  const leads = etcd.members.some(({ name, leader }) => name === node.name && leader)
  return [
    `${node.name} is one of ${nodes.length} control-plane nodes; etcd keeps its quorum without it.`,
    ...(leads ? [`${node.name} leads etcd: another member is elected when it goes.`] : []),
  ]
}

/** Throws `refused`, naming the member, unless etcd is sound and goes on without this one. */
export function assertEtcdWithout(etcd: EtcdView, name: string, ignoredAlarms: readonly string[] = []): void {
  const { members, voters, quorum } = etcd
  const others = members.filter((member) => member.name !== name)
  if (members.length > 0 && others.length === 0)
    refuse(`${name} is the only member of etcd: nothing would keep its data`)
  const learner = members.find((member) => member.learner)
  if (learner) refuse(`the etcd member ${learner.name} is still a learner, so the membership is changing`)
  const alarm = etcd.alarms.find((one) => !ignoredAlarms.includes(one.alarm))
  if (alarm) refuse(`etcd has the alarm ${alarm.alarm} on ${alarm.member}`)
  const left = others.filter((member) => member.healthy).length
  const ill = others.find((member) => !member.healthy)
  if (left < quorum) {
    const why = ill ? ` (${ill.name} is not healthy: ${ill.because})` : ''
    refuse(
      `etcd would lose its quorum without ${name}: ${left} of ${voters} members would be left, and ${quorum} are needed${why}`,
    )
  }
  if (ill) refuse(`the etcd member ${ill.name} is not healthy: ${ill.because}`)
}

async function assertReady(cluster: TalosCluster, nodes: readonly Member[], name: string, signal: AbortSignal) {
  const states = await Promise.all(
    nodes.map(async (node) => ({ node: node.name, ...(await cluster.state(node.address, signal)) })),
  )
  const unready = states.find(({ ready }) => !ready)
  if (!unready) return
  const why = unready.unmet.length > 0 ? unready.unmet.join('; ') : `it is ${unready.stage}`
  refuse(`the control-plane node ${unready.node} is not ready (${why}), and ${name} would be missing too`)
}

function refuse(because: string): never {
  throw new CallerError('refused', `Nothing was changed: ${because}. Mend that first.`)
}
