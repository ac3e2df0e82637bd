import { CallerError, CredentialError } from '@watchkeeper/mcp-shared'
import { includes, type Role, rolesThatMay } from './access.ts'
import type { Member, TalosCluster } from './cluster.ts'

/** The node of this name or address. Only nodes of the cluster are ever asked: an endpoint would proxy to anything. */
export async function nodeNamed(cluster: TalosCluster, name: string, signal: AbortSignal): Promise<Member> {
  const members = await cluster.members(signal)
  const found =
    members.find((member) => member.name === name) ?? members.find(({ addresses }) => addresses.includes(name))
  if (found) return found
  throw new CallerError(
    'not_found',
    `There is no node "${name}" in "${cluster.name}"; it has ${members.map((member) => member.name).join(', ') || 'none'}.`,
  )
}

/** The node of exactly this name. An address would do for Talos, but not for the deny list and for what people approve. */
export async function nodeToChange(cluster: TalosCluster, name: string, signal: AbortSignal): Promise<Member> {
  const found = await nodeNamed(cluster, name, signal)
  if (found.name === name) return found
  throw new CallerError('invalid', `Call this node by its name, ${found.name}, to change it.`)
}

export async function controlPlane(cluster: TalosCluster, signal: AbortSignal): Promise<Member[]> {
  return (await cluster.members(signal)).filter((member) => member.controlPlane)
}

/** Throws, naming the role, where this cluster's certificate may not do what another's may. */
export function assertRole({ name, operator }: TalosCluster, needed: Role): void {
  if (includes(operator.role, needed)) return
  const has = operator.organizations.join(', ') || 'no role at all'
  throw new CredentialError(
    `The certificate for "${name}" has ${has}, and this needs ${rolesThatMay(needed)}: make one with talosctl config new --roles.`,
  )
}
