import type { Cluster } from './cluster.ts'
import { wellKnown } from './kinds.ts'
import type { Node, Pod } from './objects.ts'

/** More pods than this no node holds. */
const LIMIT = 500
const MIRROR = 'kubernetes.io/config.mirror'

export type Sorted = {
  /** Pods a drain evicts. */
  evicted: Pod[]
  /** Why the others stay, by sentence part: "2 pods of DaemonSets". */
  skipped: { daemons: Pod[]; mirrors: Pod[]; finished: Pod[] }
  /** Pods that nothing would make again. */
  bare: Pod[]
}

/** The pods of a node, sorted by what a drain does with them. */
export async function podsOnNode(cluster: Cluster, node: string, signal: AbortSignal): Promise<Sorted> {
  const query = { kind: wellKnown('Pod'), fields: `spec.nodeName=${node}`, limit: LIMIT }
  const { items } = await cluster.objects<Pod>(query, signal)
  const pods = items.filter(({ spec, metadata }) => spec?.nodeName === node && !metadata?.deletionTimestamp)
  const sorted: Sorted = { evicted: [], skipped: { daemons: [], mirrors: [], finished: [] }, bare: [] }
  for (const pod of pods.toSorted((a, b) => podPath(a).localeCompare(podPath(b)))) listFor(pod, sorted).push(pod)
  return sorted
}

function listFor(pod: Pod, { evicted, skipped, bare }: Sorted): Pod[] {
  if (isMirror(pod)) return skipped.mirrors
  if (isFinished(pod)) return skipped.finished
  const owner = controllerOf(pod)
  if (owner === 'DaemonSet') return skipped.daemons
  return owner === undefined ? bare : evicted
}

/** A static pod's shadow in the API: deleting it stops nothing. */
export function isMirror({ metadata }: Pod): boolean {
  return metadata?.annotations?.[MIRROR] !== undefined
}

export function isFinished({ status }: Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed'
}

/** The kind of what makes this pod again, or undefined. */
export function controllerOf({ metadata }: Pod): string | undefined {
  return metadata?.ownerReferences?.find(({ controller }) => controller === true)?.kind
}

export function usesEmptyDir({ spec }: Pod): boolean {
  return (spec?.volumes ?? []).some(({ emptyDir }) => emptyDir !== undefined)
}

/** `shop/cart-7d9f`. */
export function podPath({ metadata }: Pod): string {
  return `${metadata?.namespace}/${metadata?.name}`
}

/** The names of nodes beside this one that are ready and take pods. */
export async function otherNodes(cluster: Cluster, node: string, signal: AbortSignal): Promise<string[]> {
  const { items } = await cluster.objects<Node>({ kind: wellKnown('Node'), limit: 500 }, signal)
  const open = items.filter(
    ({ metadata, spec, status }) =>
      metadata?.name !== node &&
      spec?.unschedulable !== true &&
      !(spec?.taints ?? []).some(({ effect }) => effect === 'NoSchedule' || effect === 'NoExecute') &&
      (status?.conditions ?? []).some(({ type, status: is }) => type === 'Ready' && is === 'True'),
  )
  return open.map(({ metadata }) => metadata?.name ?? '')
}

export function isControlPlane({ metadata }: Node): boolean {
  return metadata?.labels?.['node-role.kubernetes.io/control-plane'] !== undefined
}
