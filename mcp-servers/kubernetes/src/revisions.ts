import type { Cluster } from './cluster.ts'
import { wellKnown } from './kinds.ts'
import type { KubeObject, ReplicaSet, Workload } from './objects.ts'
import { selectorText } from './workload.ts'

const REVISION = 'deployment.kubernetes.io/revision'
const KEPT = 200

/** One state of a workload's pods that its controller remembers. */
export type Revision = {
  revision: number
  /** Its ReplicaSet or ControllerRevision. */
  name: string
  created: string | null
  images: string[]
  pods: number | null
  template: NonNullable<Workload['spec']>['template'] | undefined
}

export function currentRevision({ metadata }: Workload): number {
  return Number(metadata?.annotations?.[REVISION] ?? 0)
}

/** The revisions of a workload, newest first: ReplicaSets of a Deployment, ControllerRevisions of all others. */
export async function revisionsOf(
  cluster: Cluster,
  workload: Workload,
  kind: string,
  signal: AbortSignal,
): Promise<Revision[]> {
  const labels = selectorText(workload.spec?.selector)
  const namespace = workload.metadata?.namespace
  if (!labels || !namespace) return []
  const sets = kind === 'Deployment'
  const query = { kind: wellKnown(sets ? 'ReplicaSet' : 'ControllerRevision'), namespace, labels, limit: KEPT }
  const { items } = await cluster.objects<KubeObject>(query, signal)
  const own = items.filter(({ metadata }) =>
    metadata?.ownerReferences?.some(({ uid }) => uid !== undefined && uid === workload.metadata?.uid),
  )
  return own.map(sets ? fromReplicaSet : fromControllerRevision).toSorted((a, b) => b.revision - a.revision)
}

function fromReplicaSet(object: KubeObject): Revision {
  const { metadata, spec, status } = object as ReplicaSet
  return {
    revision: Number(metadata?.annotations?.[REVISION] ?? 0),
    ...common(object, spec?.template),
    pods: status?.replicas ?? 0,
  }
}

function fromControllerRevision(object: KubeObject): Revision {
  const data = object.data as Workload | undefined
  return { revision: Number(object.revision ?? 0), ...common(object, data?.spec?.template), pods: null }
}

function common({ metadata }: KubeObject, template: Revision['template']) {
  return {
    name: metadata?.name ?? '',
    created: metadata?.creationTimestamp ?? null,
    images: (template?.spec?.containers ?? []).flatMap(({ image }) => image ?? []),
    template,
  }
}
