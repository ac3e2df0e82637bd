import { CallerError, ToolError } from '@watchkeeper/mcp-shared'
import type { EtcdMember, EtcdStatus, Member, TalosCluster } from './cluster.ts'

export type EtcdMemberView = {
  id: string
  name: string
  learner: boolean
  leader: boolean
  healthy: boolean
  /** Why it is not healthy; empty when it is. */
  because: string
  status: EtcdStatus | null
}

export type EtcdView = {
  members: EtcdMemberView[]
  alarms: { member: string; alarm: string }[]
  voters: number
  healthy: number
  quorum: number
}

/**
 * etcd as all its members see it: the list from any control-plane node that answers, and the status from each. A member
 * whose node does not answer is not healthy. Throws when nobody can be asked.
 */
export async function readEtcd(
  cluster: TalosCluster,
  nodes: readonly Member[],
  signal: AbortSignal,
): Promise<EtcdView> {
  if (nodes.length === 0)
    throw new CallerError('not_found', `"${cluster.name}" has no control-plane node that could be asked about etcd.`)
  const answers = await Promise.all(nodes.map(async (node) => ({ node, ...(await statusOf(cluster, node, signal)) })))
  // Those that answered first: asking the others again costs their whole patience.
  const order = answers.toSorted((a, b) => Number(b.status !== null) - Number(a.status !== null))
  const listed = await firstAnswer(order, async ({ node: { address } }) => {
    const [members, alarms] = await Promise.all([
      cluster.etcdMembers(address, signal),
      cluster.etcdAlarms(address, signal),
    ])
    return { members, alarms }
  }).catch((error: unknown) => {
    signal.throwIfAborted()
    if (answers.every(({ status }) => status === null)) throw error
    // Without a quorum etcd does not tell its members: then the control-plane nodes are taken for them.
    return { members: answers.map(({ node, status }) => memberOf(node, status)), alarms: [] }
  })
  const nameOf = (id: string) => listed.members.find((member) => member.id === id)?.name ?? id
  const alarms = listed.alarms.map(({ member, alarm }) => ({ member: nameOf(member), alarm }))
  const members = listed.members.map(({ id, name, learner }) => {
    const answer = answers.find(({ status }) => status?.id === id) ?? answers.find(({ node }) => node.name === name)
    const status = answer?.status?.id === id ? answer.status : null
    const because = status ? trouble(status) : (answer?.failed ?? 'no control-plane node of this name is known')
    return {
      id,
      name,
      learner,
      leader: status !== null && status.leader === id,
      healthy: because === '',
      because,
      status,
    }
  })
  members.sort((a, b) => a.name.localeCompare(b.name))
  const voting = members.filter(({ learner }) => !learner)
  return {
    members,
    alarms,
    voters: voting.length,
    healthy: voting.filter(({ healthy }) => healthy).length,
    quorum: Math.floor(voting.length / 2) + 1,
  }
}

function memberOf({ name }: Member, status: EtcdStatus | null): EtcdMember {
  return { id: status?.id ?? `unknown (${name})`, name, learner: status?.learner ?? false }
}

async function statusOf(cluster: TalosCluster, { address }: Member, signal: AbortSignal) {
  try {
    return { status: await cluster.etcdStatus(address, signal), failed: '' }
  } catch (error) {
    signal.throwIfAborted()
    return { status: null, failed: error instanceof Error ? error.message : 'no answer' }
  }
}

/** The first answer in the order of the nodes; only when none gives one, the last failure. */
async function firstAnswer<T, N>(nodes: readonly N[], ask: (node: N) => Promise<T>): Promise<T> {
  let failure: unknown
  for (const node of nodes) {
    try {
      return await ask(node)
    } catch (error) {
      failure = error
      if (!(error instanceof ToolError) || error.code === 'forbidden') break
    }
  }
  throw failure
}

function trouble({ leader, errors }: EtcdStatus): string {
  if (errors.length > 0) return errors.join('; ')
  return leader === '0' || leader === '' ? 'it knows no leader' : ''
}
