import type { Labels } from '../domain/alert.ts'

/** What an incident is about, as its record has it. */
export interface Subject {
  namespace: string | null
  workload: string | null
  labels: Labels
}

/** What can be asked about: a workload by its kind, a node, or a guest of Proxmox VE. */
export type Place =
  | { is: 'workload'; namespace: string; kind: 'deployment' | 'statefulset' | 'daemonset'; name: string }
  | { is: 'node'; name: string }
  | { is: 'guest'; id: number }

/** Where to look for changes; undefined where the alert says of nothing that can change. */
export function placeOf({ namespace, workload, labels }: Subject): Place | undefined {
  const guest = /^(?:qemu|lxc)\/(\d{1,9})$/.exec(labels.id ?? '')
  if (guest) return { is: 'guest', id: Number(guest[1]) }
  if (workload === null) return undefined
  if (namespace !== null) {
    const kind = kindOf(labels, workload)
    return kind && { is: 'workload', namespace, kind, name: workload }
  }
  return labels.node || labels.nodename || labels.instance ? { is: 'node', name: workload } : undefined
}

const KINDS = ['deployment', 'statefulset', 'daemonset'] as const
/** What else an alert may be named after: it has no revisions. */
const OTHERS = ['cronjob', 'job_name', 'persistentvolumeclaim', 'horizontalpodautoscaler', 'guest', 'vm']

/** The kind of a workload, from a label that names it, or from the shape of its pod's name. */
function kindOf(labels: Labels, workload: string): (typeof KINDS)[number] | undefined {
  const told = KINDS.find((kind) => labels[kind] === workload || labels.workload_type?.toLowerCase() === kind)
  if (told) return told
  if (OTHERS.some((label) => labels[label])) return undefined
  const rest = (labels.pod ?? '').startsWith(`${workload}-`) ? labels.pod?.slice(workload.length + 1) : undefined
  if (rest === undefined) return 'deployment'
  if (/^\d{1,3}$/.test(rest)) return 'statefulset'
  return rest.includes('-') ? 'deployment' : 'daemonset'
}
