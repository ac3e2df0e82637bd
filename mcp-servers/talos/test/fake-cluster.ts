import { createHash } from 'node:crypto'
import { CallerError, UpstreamError } from '@watchkeeper/mcp-shared'
import type { Access } from '../src/access.ts'
import type {
  ConfigAnswer,
  EtcdStatus,
  Member,
  NodeState,
  Resource,
  SavedSnapshot,
  Service,
  TalosCluster,
  TalosEvent,
} from '../src/cluster.ts'
import { machineConfig } from './machine-config.ts'

export const BOOTED = '2026-11-01T08:00:00.000Z'
export const LATER = '2026-11-01T12:00:00.000Z'
const MIB = 1_048_576

export type FakeNode = {
  member: Member
  state: NodeState
  version: string
  services: Service[]
  etcd: EtcdStatus | null
  /** It answers nothing. */
  down: boolean
  config: { yaml: string; version: number }
  log: string
  dmesg: string
  events: TalosEvent[]
  resources: Resource[]
}

/** A cluster of plain objects that records what changed it. What is ordered happens at once. */
export type FakeCluster = TalosCluster & {
  asked: string[]
  node(name: string): FakeNode
  alarms: { member: string; alarm: string }[]
  snapshots: (SavedSnapshot & { effect: string })[]
  /** The last event of the sequence that the next order begins. */
  ends: TalosEvent | undefined
  /** What comes up when a node boots into another version; the asked one when undefined. */
  boots: string | undefined
  configAnswer: ConfigAnswer
}

export const ADMIN: Access = {
  organizations: ['os:admin'],
  role: 'os:admin',
  expires: new Date('2027-11-01T00:00:00Z'),
}

export function service(id: string, over: Partial<Service> = {}): Service {
  const events = [{ at: BOOTED, state: 'Running', message: `Started task ${id}` }]
  return { id, state: 'Running', health: 'healthy', message: '', startedAt: BOOTED, events, ...over }
}

function makeNode(name: string, at: number, controlPlane: boolean): FakeNode {
  const address = `10.5.0.${at}`
  const ids = ['apid', 'cri', 'kubelet', ...(controlPlane ? ['etcd'] : [])].sort()
  return {
    member: { name, address, addresses: [address], controlPlane, version: 'v1.12.4' },
    state: { uid: `uid-${name}`, bootId: BOOTED, stage: 'running', ready: true, unmet: [] },
    version: 'v1.12.4',
    services: ids.map((id) => service(id)),
    etcd: controlPlane
      ? {
          id: `922337203685477000${at}`,
          leader: '92233720368547700011',
          version: '3.6.5',
          bytes: 100 * MIB,
          bytesInUse: 50 * MIB,
          raftTerm: 7,
          raftIndex: 100,
          raftApplied: 100,
          learner: false,
          errors: [],
        }
      : null,
    down: false,
    config: { yaml: machineConfig(name, controlPlane), version: 3 },
    log: 'started\nready\n',
    dmesg: 'Linux version 6.12\nready\n',
    events: [{ id: 'e1', actor: '', type: 'MachineStatusEvent', summary: 'machine is running', sequence: null }],
    resources: [],
  }
}

/** cp-1, cp-2, cp-3 with an etcd member each, and worker-1; or so many control-plane nodes. */
export function fakeCluster({ controlPlanes = 3 } = {}): FakeCluster {
  const names = Array.from({ length: controlPlanes }, (_, at) => makeNode(`cp-${at + 1}`, 11 + at, true))
  const nodes = [...names, makeNode('worker-1', 21, false)]
  const asked: string[] = []
  const rehearsals = new Set<string>()

  const up = (address: string): FakeNode => {
    const found = nodes.find(({ member }) => member.address === address)
    if (!found) throw new Error(`nothing may ask ${address}: it is no node of the cluster`)
    if (found.down) throw new UpstreamError('unreachable', `${address} of "home" cannot be reached: it is off.`)
    return found
  }
  const order = (call: string, address: string): FakeNode => {
    const node = up(address)
    asked.push(`${call} ${node.member.name}`)
    return node
  }
  const boot = (node: FakeNode) => {
    node.state = { ...node.state, bootId: LATER }
  }
  const move = (address: string, id: string, call: string, over: Partial<Service>): string => {
    const node = order(`${call} ${id} on`, address)
    node.services = node.services.map((one) => (one.id === id ? { ...one, ...over } : one))
    return 'done'
  }
  const etcdOn = (address: string): EtcdStatus => {
    const { etcd } = up(address)
    if (!etcd) throw new CallerError('refused', 'etcd is not supposed to run on this node.')
    return etcd
  }

  const fake: FakeCluster = {
    name: 'home',
    reader: ADMIN,
    operator: ADMIN,
    endpoints: ['10.5.0.11:50000'],
    asked,
    alarms: [],
    snapshots: [],
    ends: undefined,
    boots: undefined,
    configAnswer: { mode: 'no_reboot', details: 'Applied configuration without a reboot', warnings: [] },
    node(name) {
      const found = nodes.find(({ member }) => member.name === name)
      if (!found) throw new Error(`there is no ${name}`)
      return found
    },
    members: async () => nodes.map(({ member }) => member),
    state: async (address) => up(address).state,
    async version(address) {
      return { tag: up(address).version, sha: 'abc', built: '', arch: 'amd64', platform: 'metal', mode: 'metal' }
    },
    async load(address) {
      up(address)
      return { load: [0.4, 0.3, 0.2], memoryTotal: 8e9, memoryAvailable: 4e9, bootedAt: BOOTED }
    },
    services: async (address) => up(address).services,
    logs: async (address, { tail }) =>
      `${up(address)
        .log.split('\n')
        .slice(-tail - 1)
        .join('\n')}`,
    dmesg: async (address) => up(address).dmesg,
    events: async (address, { tail }) => up(address).events.slice(-tail),
    async follow(address, actor, onEvent) {
      const node = nodes.find(({ member }) => member.address === address)
      asked.push(`follow ${actor} on ${node?.member.name}`)
      if (fake.ends) onEvent(fake.ends)
      return fake.ends
    },
    async disks(address) {
      up(address)
      return [{ name: '/dev/sda', bytes: 1e11, model: 'SSD', serial: 's', type: 'SSD', system: true, readonly: false }]
    },
    async diskUse(address) {
      up(address)
      return [{ name: 'sda', reads: 1, writes: 2, bytesRead: 512, bytesWritten: 1024, inProgress: 0, busyMs: 5 }]
    },
    async mounts(address) {
      up(address)
      return [{ source: '/dev/sda6', path: '/var', bytes: 100, available: 10 }]
    },
    resources: async (address, { type, namespace }) =>
      up(address).resources.filter((one) => one.type === type && one.namespace === namespace),
    async resource(address, { type }, id) {
      const found = up(address).resources.find((one) => one.type === type && one.id === id)
      if (!found) throw new CallerError('not_found', `There is no ${type} ${id}.`)
      return found
    },
    async etcdMembers(address) {
      etcdOn(address)
      return nodes.flatMap(({ etcd, member }) =>
        etcd ? [{ id: etcd.id, name: member.name, learner: etcd.learner }] : [],
      )
    },
    etcdStatus: async (address) => etcdOn(address),
    async etcdAlarms(address) {
      etcdOn(address)
      return fake.alarms
    },
    health: async () => ({
      lines: ['discovered nodes: 4', 'waiting for etcd to be healthy: ...', 'waiting for etcd to be healthy: OK'],
      failed: null,
    }),
    machineConfig: async (address) => up(address).config,
    startService: async (address, id) => move(address, id, 'start', { state: 'Running', startedAt: LATER }),
    stopService: async (address, id) => move(address, id, 'stop', { state: 'Finished' }),
    restartService: async (address, id) => move(address, id, 'restart', { startedAt: LATER, health: 'healthy' }),
    async reboot(address) {
      boot(order('reboot', address))
      return 'actor-1'
    },
    async shutdown(address) {
      order('shutdown', address).down = true
      return 'actor-2'
    },
    async upgrade(address, image) {
      const node = order(`upgrade to ${image} on`, address)
      node.version = fake.boots ?? image.split(':').at(-1) ?? ''
      boot(node)
      return 'actor-3'
    },
    async rollback(address) {
      const node = order('rollback', address)
      node.version = fake.boots ?? 'v1.11.5'
      boot(node)
    },
    async defragment(address) {
      const { etcd } = order('defragment', address)
      if (etcd) etcd.bytes = etcd.bytesInUse
    },
    async applyConfig(address, yaml, { mode, dryRun }) {
      const node = order(`apply ${mode}${dryRun ? ' (dry)' : ''} on`, address)
      if (!dryRun) node.config = { yaml, version: node.config.version + 1 }
      return fake.configAnswer
    },
    async saveSnapshot(address, { effect }) {
      const { member } = order('snapshot', address)
      const saved = {
        file: `etcd_home_${member.name}_${effect}.snapshot`,
        bytes: 100,
        sha256: createHash('sha256').update(effect).digest('hex'),
      }
      fake.snapshots.push({ ...saved, effect })
      return saved
    },
    findSnapshot: async (effect) => fake.snapshots.find((one) => one.effect === effect),
    rehearsed: (effect) => {
      rehearsals.add(effect)
    },
    wasRehearsed: async (effect) => rehearsals.has(effect),
  }
  return fake
}

/** What a node serves: a definition for each type, and the resources themselves. */
export function addResources(
  node: FakeNode,
  kinds: readonly (Partial<Resource> & { type: string; sensitive?: true })[],
) {
  for (const { sensitive, ...over } of kinds) {
    const resource: Resource = {
      namespace: 'runtime',
      id: 'one',
      version: '1',
      phase: 'running',
      owner: '',
      created: BOOTED,
      updated: BOOTED,
      spec: {},
      ...over,
    }
    const spec = {
      type: resource.type,
      aliases: [resource.type.split('.')[0]?.toLowerCase()],
      defaultNamespace: resource.namespace,
      sensitivity: sensitive ? 'sensitive' : '',
    }
    const definition = { ...resource, namespace: 'meta', type: 'ResourceDefinitions.meta.cosi.dev' }
    node.resources.push({ ...definition, id: resource.type.toLowerCase(), spec }, resource)
  }
}
