/** One resource of the API: how it is addressed, listed in discovery and stored. */
export interface ResourceType {
  group: string
  version: string
  plural: string
  singular: string
  kind: string
  namespaced: boolean
  shortNames: string[]
  categories: string[]
  verbs: string[]
  /** metadata.generation counts its spec changes. */
  generations: boolean
  /** Subresources other than status: name and the kind they answer with. */
  subresources: { name: string; kind: string; group?: string; version?: string; verbs: string[] }[]
}

const ALL = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch']
const SCALE = { name: 'scale', kind: 'Scale', group: 'autoscaling', version: 'v1', verbs: ['get', 'patch', 'update'] }

function resource(
  api: string,
  plural: string,
  kind: string,
  shortNames: string[] = [],
  rest: Partial<ResourceType> = {},
): ResourceType {
  const [group = '', version = ''] = api.includes('/') ? api.split('/') : ['', api]
  const singular = kind.toLowerCase()
  const defaults = { namespaced: true, categories: [], verbs: ALL, generations: false, subresources: [] }
  return { group, version, plural, singular, kind, shortNames, ...defaults, ...rest }
}

const workload = { categories: ['all'], generations: true }

/** Everything the simulated API serves. */
export const RESOURCES: readonly ResourceType[] = [
  resource('v1', 'pods', 'Pod', ['po'], {
    categories: ['all'],
    subresources: [
      { name: 'log', kind: 'Pod', verbs: ['get'] },
      { name: 'eviction', kind: 'Eviction', group: 'policy', version: 'v1', verbs: ['create'] },
    ],
  }),
  resource('v1', 'nodes', 'Node', ['no'], { namespaced: false }),
  resource('v1', 'namespaces', 'Namespace', ['ns'], { namespaced: false }),
  resource('v1', 'services', 'Service', ['svc'], { categories: ['all'] }),
  resource('v1', 'endpoints', 'Endpoints', ['ep']),
  resource('v1', 'configmaps', 'ConfigMap', ['cm']),
  resource('v1', 'secrets', 'Secret'),
  resource('v1', 'serviceaccounts', 'ServiceAccount', ['sa']),
  resource('v1', 'events', 'Event', ['ev']),
  resource('v1', 'persistentvolumeclaims', 'PersistentVolumeClaim', ['pvc']),
  resource('v1', 'persistentvolumes', 'PersistentVolume', ['pv'], { namespaced: false }),
  resource('apps/v1', 'deployments', 'Deployment', ['deploy'], { ...workload, subresources: [SCALE] }),
  resource('apps/v1', 'replicasets', 'ReplicaSet', ['rs'], { ...workload, subresources: [SCALE] }),
  resource('apps/v1', 'statefulsets', 'StatefulSet', ['sts'], { ...workload, subresources: [SCALE] }),
  resource('apps/v1', 'daemonsets', 'DaemonSet', ['ds'], workload),
  resource('apps/v1', 'controllerrevisions', 'ControllerRevision'),
  resource('batch/v1', 'jobs', 'Job', [], workload),
  resource('batch/v1', 'cronjobs', 'CronJob', ['cj'], workload),
  resource('v1', 'resourcequotas', 'ResourceQuota', ['quota']),
  resource('v1', 'limitranges', 'LimitRange', ['limits']),
  resource('autoscaling/v2', 'horizontalpodautoscalers', 'HorizontalPodAutoscaler', ['hpa'], workload),
  resource('coordination.k8s.io/v1', 'leases', 'Lease'),
  resource('discovery.k8s.io/v1', 'endpointslices', 'EndpointSlice'),
  resource('networking.k8s.io/v1', 'networkpolicies', 'NetworkPolicy', ['netpol'], { generations: true }),
  resource('networking.k8s.io/v1', 'ingressclasses', 'IngressClass', [], { namespaced: false }),
  resource('storage.k8s.io/v1', 'volumeattachments', 'VolumeAttachment', [], { namespaced: false }),
  resource('scheduling.k8s.io/v1', 'priorityclasses', 'PriorityClass', ['pc'], { namespaced: false }),
  resource('rbac.authorization.k8s.io/v1', 'roles', 'Role'),
  resource('rbac.authorization.k8s.io/v1', 'rolebindings', 'RoleBinding'),
  resource('rbac.authorization.k8s.io/v1', 'clusterroles', 'ClusterRole', [], { namespaced: false }),
  resource('rbac.authorization.k8s.io/v1', 'clusterrolebindings', 'ClusterRoleBinding', [], { namespaced: false }),
  resource('apiextensions.k8s.io/v1', 'customresourcedefinitions', 'CustomResourceDefinition', ['crd', 'crds'], {
    namespaced: false,
  }),
  resource('cert-manager.io/v1', 'certificates', 'Certificate', ['cert', 'certs'], { generations: true }),
  resource('argoproj.io/v1alpha1', 'applications', 'Application', ['app', 'apps'], { generations: true }),
  resource('kustomize.toolkit.fluxcd.io/v1', 'kustomizations', 'Kustomization', ['ks'], { generations: true }),
  resource('helm.toolkit.fluxcd.io/v2', 'helmreleases', 'HelmRelease', ['hr'], { generations: true }),
  resource('networking.k8s.io/v1', 'ingresses', 'Ingress', ['ing'], { generations: true }),
  resource('policy/v1', 'poddisruptionbudgets', 'PodDisruptionBudget', ['pdb'], { generations: true }),
  resource('storage.k8s.io/v1', 'storageclasses', 'StorageClass', ['sc'], { namespaced: false }),
  resource('metrics.k8s.io/v1beta1', 'pods', 'PodMetrics', [], { verbs: ['get', 'list'] }),
  resource('metrics.k8s.io/v1beta1', 'nodes', 'NodeMetrics', [], { namespaced: false, verbs: ['get', 'list'] }),
  resource('authorization.k8s.io/v1', 'selfsubjectaccessreviews', 'SelfSubjectAccessReview', [], {
    namespaced: false,
    verbs: ['create'],
  }),
  resource('authorization.k8s.io/v1', 'selfsubjectrulesreviews', 'SelfSubjectRulesReview', [], {
    namespaced: false,
    verbs: ['create'],
  }),
  resource('authentication.k8s.io/v1', 'selfsubjectreviews', 'SelfSubjectReview', [], {
    namespaced: false,
    verbs: ['create'],
  }),
]

const byAddress = new Map(RESOURCES.map((type) => [`${apiVersionOf(type)}/${type.plural}`, type]))
const byKind = new Map(RESOURCES.map((type) => [`${apiVersionOf(type)}/${type.kind}`, type]))

/** `v1` for the core group, `group/version` otherwise. */
export function apiVersionOf({ group, version }: { group: string; version: string }): string {
  return group === '' ? version : `${group}/${version}`
}

/** The name error messages use: `pods`, `deployments.apps`. */
export function qualified({ group, plural }: { group: string; plural: string }): string {
  return group === '' ? plural : `${plural}.${group}`
}

export function findResource(apiVersion: string, plural: string): ResourceType | undefined {
  return byAddress.get(`${apiVersion}/${plural}`)
}

export function resourceOfKind(apiVersion: string, kind: string): ResourceType {
  const type = byKind.get(`${apiVersion}/${kind}`)
  if (!type) throw new Error(`the simulated cluster has no kind ${kind} in ${apiVersion}: add it to resources.ts`)
  return type
}
