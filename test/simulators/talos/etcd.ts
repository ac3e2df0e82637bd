import { isUp, type SimulatedNode, serviceOf } from './node.ts'

/** The etcd that the control-plane nodes make together: who is well, who leads, and whether there is a quorum. */
export function etcdOf(nodes: readonly SimulatedNode[]) {
  const members = nodes.filter((node) => node.etcd !== null)
  const voters = members.filter(({ etcd }) => !etcd?.learner)
  const well = voters.filter((node) => isWell(node))
  const quorum = Math.floor(voters.length / 2) + 1
  return { members, well, hasQuorum: well.length >= quorum, leader: well.length >= quorum ? well[0] : undefined }
}

/** Whether the member on this node runs at all; a sick one runs and says so. */
export function answers(node: SimulatedNode): boolean {
  return isUp(node) && node.etcd !== null && serviceOf(node, 'etcd')?.state === 'Running'
}

function isWell(node: SimulatedNode): boolean {
  return answers(node) && node.etcd?.sick === null
}
