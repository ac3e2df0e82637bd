import { isRecord, type KubeObject, type Workload } from './objects.ts'
import { resourceOfKind } from './resources.ts'
import type { Store } from './store.ts'

const NODE = resourceOfKind('v1', 'Node')

/** A node as pods are put on it. */
export interface Place {
  name: string
  ip: string
}

interface Affinity {
  nodeAffinity?: {
    preferredDuringSchedulingIgnoredDuringExecution?: {
      weight: number
      preference: { matchExpressions: { key: string; operator: string; values: string[] }[] }
    }[]
  }
}

/** Node affinity that prefers one node and takes any other while that one is closed. */
export function preferring(node: string): Affinity {
  const preference = { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [node] }] }
  return { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, preference }] } }
}

/** The node that the pods of a workload prefer, where it is there and open. */
export function preferredPlace(store: Store, { spec }: Workload): Place | undefined {
  const { nodeAffinity } = (spec.template.spec.affinity ?? {}) as Affinity
  const [preferred] = nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []
  const name = preferred?.preference.matchExpressions[0]?.values[0]
  const node = name === undefined ? undefined : store.get(NODE, undefined, name)
  return node && !isClosed(node) ? { name: node.metadata.name, ip: addressOf(node) } : undefined
}

export function isClosed(node: KubeObject | undefined): boolean {
  return isRecord(node?.spec) && node.spec.unschedulable === true
}

function addressOf({ status }: KubeObject): string {
  const addresses = isRecord(status) && Array.isArray(status.addresses) ? status.addresses : []
  return String(addresses.find((one) => isRecord(one) && one.type === 'InternalIP')?.address ?? '')
}
