import type { RecordEvent } from './events.ts'
import { type Draft, type KubeObject, timestamp } from './objects.ts'
import { plantSecrets } from './planted.ts'
import { resourceOfKind } from './resources.ts'
import type { Store } from './store.ts'
import { addWorkload, namespaceDraft } from './workload-spec.ts'
import type { Workloads } from './workloads.ts'

export interface SeedNode {
  name: string
  ip: string
  controlPlane: boolean
}

export const NODES: readonly SeedNode[] = [
  { name: 'talos-cp-1', ip: '10.5.0.11', controlPlane: true },
  { name: 'talos-worker-1', ip: '10.5.0.21', controlPlane: false },
  { name: 'talos-worker-2', ip: '10.5.0.22', controlPlane: false },
]

const DAY = 24 * 60 * 60 * 1000

/** How long the seeded cluster has been running, ms. */
export const UPTIME = 12 * DAY

/** Puts in what any small cluster has: nodes, namespaces, a few system workloads, claims, and secrets where they hide. */
export function seedCluster(store: Store, workloads: Workloads, record: RecordEvent, now: number): void {
  const since = now - UPTIME
  const put = (draft: Draft): KubeObject => {
    const metadata = { creationTimestamp: timestamp(since), ...draft.metadata }
    return store.create(resourceOfKind(draft.apiVersion, draft.kind), { ...draft, metadata })
  }
  for (const name of ['default', 'kube-system', 'kube-public', 'kube-node-lease', 'monitoring', 'vault']) {
    put(namespaceDraft(name))
  }
  for (const node of NODES) put(nodeDraft(node, since))
  const add = (spec: Parameters<typeof addWorkload>[2]) => addWorkload(store, workloads, spec, since)
  add({
    namespace: 'kube-system',
    name: 'coredns',
    replicas: 2,
    image: 'registry.k8s.io/coredns/coredns:v1.12.4',
    memoryLimit: '170Mi',
  })
  add({
    namespace: 'kube-system',
    name: 'kube-flannel',
    kind: 'DaemonSet',
    image: 'ghcr.io/siderolabs/flannel:v0.27.4',
  })
  add({
    namespace: 'monitoring',
    name: 'prometheus',
    kind: 'StatefulSet',
    image: 'quay.io/prometheus/prometheus:v3.7.2',
    memoryLimit: '2Gi',
  })
  plantSecrets({ put, add, record, setLogs: workloads.setLogs })
  seedConfiguration(put)
}

function seedConfiguration(put: (draft: Draft) => KubeObject): void {
  put({
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: 'local-path' },
    provisioner: 'rancher.io/local-path',
    reclaimPolicy: 'Delete',
    volumeBindingMode: 'WaitForFirstConsumer',
  })
  put({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'data-prometheus-0', namespace: 'monitoring', labels: { app: 'prometheus' } },
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '20Gi' } },
      storageClassName: 'local-path',
      volumeMode: 'Filesystem',
      volumeName: 'pvc-0b6d7c5e-52c8-4b7c-8f8f-0a4a8a6c1d11',
    },
    status: { phase: 'Bound', accessModes: ['ReadWriteOnce'], capacity: { storage: '20Gi' } },
  })
  put({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'kubernetes', namespace: 'default' },
    spec: {
      type: 'ClusterIP',
      clusterIP: '10.96.0.1',
      ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: 6443 }],
    },
    status: { loadBalancer: {} },
  })
  put({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'certificates.cert-manager.io' },
    spec: { group: 'cert-manager.io', names: { kind: 'Certificate', plural: 'certificates' }, scope: 'Namespaced' },
  })
  put({
    apiVersion: 'cert-manager.io/v1',
    kind: 'Certificate',
    metadata: { name: 'prometheus', namespace: 'monitoring' },
    spec: { secretName: 'prometheus-tls', dnsNames: ['prometheus.example'], issuerRef: { name: 'home' } },
    status: { conditions: [{ type: 'Ready', status: 'True', reason: 'Ready', message: 'Certificate is up to date' }] },
  })
}

/** A node as its kubelet reports it when all is well. */
export function nodeDraft({ name, ip, controlPlane }: SeedNode, since: number): Draft {
  const role = controlPlane ? { 'node-role.kubernetes.io/control-plane': '' } : {}
  const taints = controlPlane
    ? { taints: [{ key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' }] }
    : {}
  const capacity = { cpu: '4', memory: '8028904Ki', 'ephemeral-storage': '51196Mi', pods: '110' }
  const condition = (type: string, status: string, reason: string, message: string) => ({
    type,
    status,
    reason,
    message,
    lastHeartbeatTime: timestamp(since + UPTIME),
    lastTransitionTime: timestamp(since),
  })
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: { 'kubernetes.io/arch': 'amd64', 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux', ...role },
      annotations: { 'talos.dev/owned-labels': '[]' },
    },
    spec: { podCIDR: '10.244.0.0/24', podCIDRs: ['10.244.0.0/24'], ...taints },
    status: {
      capacity,
      allocatable: { ...capacity, cpu: '3950m', memory: '7510760Ki' },
      addresses: [
        { type: 'InternalIP', address: ip },
        { type: 'Hostname', address: name },
      ],
      conditions: [
        condition('MemoryPressure', 'False', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'),
        condition('DiskPressure', 'False', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'),
        condition('PIDPressure', 'False', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'),
        condition('Ready', 'True', 'KubeletReady', 'kubelet is posting ready status'),
      ],
      nodeInfo: {
        architecture: 'amd64',
        bootID: '',
        containerRuntimeVersion: 'containerd://2.1.5',
        kernelVersion: '6.18.1-talos',
        kubeProxyVersion: '',
        kubeletVersion: 'v1.33.6',
        machineID: '',
        operatingSystem: 'linux',
        osImage: 'Talos (v1.13.2)',
        systemUUID: '',
      },
      daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
      images: [],
    },
  }
}
