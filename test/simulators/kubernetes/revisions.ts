import { contentHash } from './names.ts'
import type { KubeObject, OwnerReference, Workload } from './objects.ts'
import { resourceOfKind } from './resources.ts'
import type { Store } from './store.ts'

const DEPLOYMENT = resourceOfKind('apps/v1', 'Deployment')
export const REPLICA_SET = resourceOfKind('apps/v1', 'ReplicaSet')
export const REVISION = 'deployment.kubernetes.io/revision'

/** The hash of the pod template a workload has now. */
export function templateHash(workload: Workload): string {
  return contentHash(workload.spec.template)
}

export function ownerOf(object: KubeObject): OwnerReference {
  const { apiVersion, kind, metadata } = object
  return { apiVersion, kind, name: metadata.name, uid: metadata.uid, controller: true, blockOwnerDeletion: true }
}

export function replicaSetOf(store: Store, workload: Workload, hash: string): KubeObject | undefined {
  return store.get(REPLICA_SET, workload.metadata.namespace, `${workload.metadata.name}-${hash}`)
}

/** The ReplicaSets of a Deployment, old ones included. */
export function replicaSetsOf(store: Store, workload: Workload, names: Iterable<string>): KubeObject[] {
  return [...names].flatMap((name) => store.get(REPLICA_SET, workload.metadata.namespace, name) ?? [])
}

/**
 * Makes the ReplicaSet of a Deployment's present template, or gives the one there is the newest revision, as happens on
 * an undo. The Deployment's own revision annotation follows; that is metadata and leaves its generation alone.
 */
export function reviseDeployment(
  store: Store,
  workload: Workload,
  hash: string,
  revision: number,
  created?: string,
): void {
  const annotations = { ...workload.metadata.annotations, [REVISION]: String(revision) }
  const labels = { 'pod-template-hash': hash }
  const known = replicaSetOf(store, workload, hash)
  if (known) {
    const marked = { ...known.metadata.annotations, [REVISION]: String(revision) }
    store.replace(REPLICA_SET, { ...known, metadata: { ...known.metadata, annotations: marked } })
  } else {
    const { template, selector, replicas } = workload.spec
    store.create(REPLICA_SET, {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: {
        name: `${workload.metadata.name}-${hash}`,
        ...(workload.metadata.namespace ? { namespace: workload.metadata.namespace } : {}),
        ...(created ? { creationTimestamp: created } : {}),
        labels: { ...template.metadata?.labels, ...labels },
        annotations: {
          [REVISION]: String(revision),
          'deployment.kubernetes.io/desired-replicas': String(replicas ?? 1),
        },
        ownerReferences: [ownerOf(workload)],
      },
      spec: {
        replicas: 0,
        selector: { matchLabels: { ...selector.matchLabels, ...labels } },
        template: {
          ...template,
          metadata: { ...template.metadata, labels: { ...template.metadata?.labels, ...labels } },
        },
      },
      status: { replicas: 0 },
    })
  }
  store.replace(DEPLOYMENT, { ...workload, metadata: { ...workload.metadata, annotations } })
}
