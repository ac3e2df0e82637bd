import { stringify } from 'yaml'
import { isUp, readiness, type SimulatedNode } from './node.ts'
import { PLANTED } from './seed.ts'

export interface SimulatedResource {
  namespace: string
  type: string
  id: string
  version: number
  createdAt: number
  spec: unknown
}

interface Kind {
  type: string
  namespace: string
  aliases: string[]
  sensitive?: true
}

const KINDS: readonly Kind[] = [
  { type: 'Members.cluster.talos.dev', namespace: 'cluster', aliases: ['member', 'members'] },
  { type: 'Identities.cluster.talos.dev', namespace: 'cluster', aliases: ['identity'] },
  { type: 'Configs.cluster.talos.dev', namespace: 'config', aliases: ['discoveryconfig'], sensitive: true },
  { type: 'MachineStatuses.runtime.talos.dev', namespace: 'runtime', aliases: ['machinestatus'] },
  { type: 'MachineTypes.config.talos.dev', namespace: 'config', aliases: ['machinetype'] },
  {
    type: 'MachineConfigs.config.talos.dev',
    namespace: 'config',
    aliases: ['machineconfig', 'mc'],
    sensitive: true,
  },
  { type: 'Nodenames.kubernetes.talos.dev', namespace: 'k8s', aliases: ['nodename'] },
  { type: 'LinkStatuses.net.talos.dev', namespace: 'network', aliases: ['link', 'links'] },
  { type: 'LinkSpecs.net.talos.dev', namespace: 'network', aliases: ['linkspec'] },
  { type: 'AddressStatuses.net.talos.dev', namespace: 'network', aliases: ['address', 'addresses'] },
  { type: 'RouteStatuses.net.talos.dev', namespace: 'network', aliases: ['route', 'routes'] },
  { type: 'ResolverStatuses.net.talos.dev', namespace: 'network', aliases: ['resolvers'] },
  { type: 'TimeServerStatuses.net.talos.dev', namespace: 'network', aliases: ['timeserver'] },
  { type: 'Manifests.kubernetes.talos.dev', namespace: 'controlplane', aliases: ['manifest'] },
  { type: 'RegistriesConfigs.cri.talos.dev', namespace: 'cri', aliases: ['registriesconfig'] },
  { type: 'ExtensionServiceConfigs.runtime.talos.dev', namespace: 'runtime', aliases: ['extensionserviceconfig'] },
  { type: 'OSRootSecrets.secrets.talos.dev', namespace: 'secrets', aliases: ['osrootsecret'], sensitive: true },
  {
    type: 'KubernetesRootSecrets.secrets.talos.dev',
    namespace: 'secrets',
    aliases: ['kubernetesrootsecret'],
    sensitive: true,
  },
]

/** Types that only an administrator may read. */
export function isSensitive(type: string): boolean {
  return KINDS.some((kind) => kind.type === type && kind.sensitive === true)
}

export interface ResourceOptions {
  /** Without it there are no members. */
  discovery: boolean
}

/** Everything COSI knows on a node, as it is now. */
export function resourcesOf(
  node: SimulatedNode,
  nodes: readonly SimulatedNode[],
  { discovery }: ResourceOptions,
): SimulatedResource[] {
  const make = (type: string, id: string, spec: unknown, version = 1): SimulatedResource => {
    const namespace = KINDS.find((kind) => kind.type === type)?.namespace ?? 'meta'
    return { namespace, type, id, version, createdAt: node.bootedAt, spec }
  }
  const unmet = readiness(node)
  return [
    ...KINDS.map(({ type, namespace, aliases, sensitive }) =>
      make('ResourceDefinitions.meta.cosi.dev', type.toLowerCase(), {
        type,
        displayType: type.split('.')[0],
        aliases,
        allAliases: aliases,
        defaultNamespace: namespace,
        sensitivity: sensitive ? 'sensitive' : '',
      }),
    ),
    ...(discovery ? nodes.map((member) => make('Members.cluster.talos.dev', member.name, memberSpec(member))) : []),
    make('Identities.cluster.talos.dev', 'local', { nodeId: node.uid }),
    make('Configs.cluster.talos.dev', 'cluster', {
      discoveryEnabled: true,
      serviceEncryptionKey: PLANTED.discoveryKey,
    }),
    make('MachineStatuses.runtime.talos.dev', 'machine', {
      stage: node.stage,
      status: { ready: unmet.length === 0, unmetConditions: unmet },
    }),
    make('MachineTypes.config.talos.dev', 'machine-type', node.controlPlane ? 'controlplane' : 'worker'),
    make('MachineConfigs.config.talos.dev', 'v1alpha1', node.config, node.configVersion),
    make('Nodenames.kubernetes.talos.dev', 'nodename', { nodename: node.name }),
    make('LinkStatuses.net.talos.dev', 'eth0', {
      type: 'ether',
      mtu: 1500,
      hardwareAddr: '02:00:00:00:00:01',
      linkState: true,
      operationalState: 'up',
    }),
    make('LinkStatuses.net.talos.dev', 'lo', {
      type: 'loopback',
      mtu: 65536,
      linkState: true,
      operationalState: 'unknown',
    }),
    make('LinkSpecs.net.talos.dev', 'wg0', {
      name: 'wg0',
      wireguard: { privateKey: PLANTED.wireguardKey, peers: [{ presharedKey: PLANTED.presharedKey }] },
    }),
    make('AddressStatuses.net.talos.dev', `eth0/${node.address}/24`, {
      address: `${node.address}/24`,
      linkName: 'eth0',
    }),
    make('RouteStatuses.net.talos.dev', 'inet4/10.5.0.1//1024', { dst: '', gateway: '10.5.0.1', outLinkName: 'eth0' }),
    make('ResolverStatuses.net.talos.dev', 'resolvers', { dnsServers: ['10.5.0.1'] }),
    make('TimeServerStatuses.net.talos.dev', 'timeservers', { timeServers: ['time.example.com'] }),
    make('Manifests.kubernetes.talos.dev', '00-credentials', [
      { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'credentials' }, data: { word: PLANTED.manifestSecret } },
    ]),
    make('RegistriesConfigs.cri.talos.dev', 'registries', {
      config: { 'registry.example.com': { auth: { username: 'robot', password: PLANTED.registryPassword } } },
    }),
    make('ExtensionServiceConfigs.runtime.talos.dev', 'tailscale', {
      environment: [`TS_AUTHKEY=${PLANTED.extensionKey}`],
      files: [{ content: PLANTED.fileContent, mountPath: '/etc/app' }],
    }),
    make('OSRootSecrets.secrets.talos.dev', 'os', { issuingCA: { key: PLANTED.caKey }, token: PLANTED.machineToken }),
    make('KubernetesRootSecrets.secrets.talos.dev', 'k8s', { secretboxEncryptionSecret: PLANTED.secretbox }),
  ]
}

function memberSpec(member: SimulatedNode) {
  return {
    nodeId: member.uid,
    addresses: [member.address],
    hostname: member.name,
    machineType: member.controlPlane ? 'controlplane' : 'worker',
    operatingSystem: `Talos (${member.version})`,
    ...(isUp(member) ? {} : { config: '' }),
  }
}

/** A resource in its wire form. */
export function toMessage({ namespace, type, id, version, createdAt, spec }: SimulatedResource) {
  const time = timestamp(createdAt)
  return {
    metadata: {
      namespace,
      type,
      id,
      version: String(version),
      owner: '',
      phase: 'running',
      created: time,
      updated: time,
    },
    spec: { yaml_spec: stringify(spec, { lineWidth: 0 }) },
  }
}

export function timestamp(ms: number): { seconds: string; nanos: number } {
  return { seconds: String(Math.floor(ms / 1000)), nanos: (ms % 1000) * 1_000_000 }
}
