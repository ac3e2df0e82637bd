/** A kind of object and where the API server keeps it. */
export type Kind = {
  kind: string
  plural: string
  /** Empty for the core group. */
  group: string
  version: string
  namespaced: boolean
}

type Row = readonly [kind: string, plural: string, ...short: string[]]

const CLUSTER_WIDE = new Set([
  'Node',
  'Namespace',
  'PersistentVolume',
  'StorageClass',
  'VolumeAttachment',
  'IngressClass',
  'PriorityClass',
  'ClusterRole',
  'ClusterRoleBinding',
  'CustomResourceDefinition',
  'APIService',
  'ValidatingWebhookConfiguration',
  'MutatingWebhookConfiguration',
])

/** What every cluster has, so that the common kinds cost no discovery. */
const BUILT_IN: readonly [group: string, version: string, rows: readonly Row[]][] = [
  [
    '',
    'v1',
    [
      ['Pod', 'pods', 'po'],
      ['Node', 'nodes', 'no'],
      ['Namespace', 'namespaces', 'ns'],
      ['Event', 'events', 'ev'],
      ['Service', 'services', 'svc'],
      ['Endpoints', 'endpoints', 'ep'],
      ['ConfigMap', 'configmaps', 'cm'],
      ['Secret', 'secrets'],
      ['PersistentVolume', 'persistentvolumes', 'pv'],
      ['PersistentVolumeClaim', 'persistentvolumeclaims', 'pvc'],
      ['ServiceAccount', 'serviceaccounts', 'sa'],
      ['ResourceQuota', 'resourcequotas', 'quota'],
      ['LimitRange', 'limitranges', 'limits'],
    ],
  ],
  [
    'apps',
    'v1',
    [
      ['Deployment', 'deployments', 'deploy'],
      ['StatefulSet', 'statefulsets', 'sts'],
      ['DaemonSet', 'daemonsets', 'ds'],
      ['ReplicaSet', 'replicasets', 'rs'],
      ['ControllerRevision', 'controllerrevisions'],
    ],
  ],
  [
    'batch',
    'v1',
    [
      ['Job', 'jobs'],
      ['CronJob', 'cronjobs', 'cj'],
    ],
  ],
  ['autoscaling', 'v2', [['HorizontalPodAutoscaler', 'horizontalpodautoscalers', 'hpa']]],
  [
    'networking.k8s.io',
    'v1',
    [
      ['Ingress', 'ingresses', 'ing'],
      ['NetworkPolicy', 'networkpolicies', 'netpol'],
      ['IngressClass', 'ingressclasses'],
    ],
  ],
  ['policy', 'v1', [['PodDisruptionBudget', 'poddisruptionbudgets', 'pdb']]],
  [
    'storage.k8s.io',
    'v1',
    [
      ['StorageClass', 'storageclasses', 'sc'],
      ['VolumeAttachment', 'volumeattachments'],
    ],
  ],
  ['discovery.k8s.io', 'v1', [['EndpointSlice', 'endpointslices']]],
  ['coordination.k8s.io', 'v1', [['Lease', 'leases']]],
  ['scheduling.k8s.io', 'v1', [['PriorityClass', 'priorityclasses', 'pc']]],
  [
    'rbac.authorization.k8s.io',
    'v1',
    [
      ['Role', 'roles'],
      ['RoleBinding', 'rolebindings'],
      ['ClusterRole', 'clusterroles'],
      ['ClusterRoleBinding', 'clusterrolebindings'],
    ],
  ],
  ['apiextensions.k8s.io', 'v1', [['CustomResourceDefinition', 'customresourcedefinitions', 'crd', 'crds']]],
]

const BY_NAME: ReadonlyMap<string, Kind> = new Map(
  BUILT_IN.flatMap(([group, version, rows]) =>
    rows.flatMap(([kind, plural, ...short]): [string, Kind][] => {
      const found = { kind, plural, group, version, namespaced: !CLUSTER_WIDE.has(kind) }
      const names = [kind, plural, ...short].map((name) => name.toLowerCase())
      const full = group === '' ? [] : names.map((name) => `${name}.${group}`)
      return [...names, ...full].map((name) => [name, found])
    }),
  ),
)

/** A built-in kind by kind, plural or short name, in any case, with or without its group; undefined for all others. */
export function builtInKind(name: string): Kind | undefined {
  return BY_NAME.get(name.toLowerCase())
}

/** A kind that is known to be built in. */
export function wellKnown(name: string): Kind {
  const kind = builtInKind(name)
  if (!kind) throw new Error(`${name} is not a built-in kind`)
  return kind
}

/** `v1` or `apps/v1`, as objects name it. */
export function apiVersionOf({ group, version }: Pick<Kind, 'group' | 'version'>): string {
  return group === '' ? version : `${group}/${version}`
}

/** `/api/v1` or `/apis/GROUP/VERSION`. */
export function groupPath({ group, version }: Pick<Kind, 'group' | 'version'>): string {
  return group === '' ? `/api/${version}` : `/apis/${group}/${version}`
}

/** The path of a collection or of one object; every part encoded, so that a name cannot become a path. */
export function objectPath(kind: Kind, namespace: string | undefined, name?: string): string {
  const parts = [kind.namespaced && namespace ? ['namespaces', namespace] : [], kind.plural, name ?? []].flat()
  return `${groupPath(kind)}/${parts.map(encodeURIComponent).join('/')}`
}
