import { randomUUID } from 'node:crypto'
import { EventEmitter } from 'node:events'
import { kernelLines, logLines, machineConfig } from './seed.ts'

export type Stage = 'booting' | 'running' | 'rebooting' | 'shutting down' | 'upgrading' | 'off'

export interface SimulatedService {
  id: string
  state: string
  /** null: it has no health check. */
  healthy: boolean | null
  message: string
  events: { at: number; state: string; message: string }[]
  /** A restart does not make it healthy. */
  stubborn: boolean
  log: string[]
}

export interface SimulatedEvent {
  id: string
  actor: string
  type: string
  payload: Record<string, unknown>
}

export interface EtcdMember {
  id: string
  bytes: number
  bytesInUse: number
  /** What is wrong with it; null when nothing is. */
  sick: string | null
  alarm: 'NOSPACE' | 'CORRUPT' | null
  learner: boolean
}

export interface SimulatedNode {
  name: string
  address: string
  controlPlane: boolean
  uid: string
  stage: Stage
  bootedAt: number
  boots: number
  version: string
  previousVersion: string | null
  services: SimulatedService[]
  events: SimulatedEvent[]
  /** `event` for each new event, `down` when the node goes away. */
  bus: EventEmitter
  config: string
  configVersion: number
  tried: { config: string; timer: NodeJS.Timeout } | null
  dmesg: string[]
  etcd: EtcdMember | null
}

export interface NodeSpec {
  name: string
  address: string
  controlPlane: boolean
  version: string
  bootedAt: number
  member: number
}

const BOTH = ['apid', 'containerd', 'cri', 'kubelet', 'machined', 'udevd']
const MIB = 1_048_576

export function createNode({ name, address, controlPlane, version, bootedAt, member }: NodeSpec): SimulatedNode {
  const bus = new EventEmitter()
  bus.setMaxListeners(1_000)
  const ids = [...BOTH, ...(controlPlane ? ['etcd', 'trustd'] : [])].sort()
  const node: SimulatedNode = {
    name,
    address,
    controlPlane,
    uid: `node-id-${name}`,
    stage: 'running',
    bootedAt,
    boots: 1,
    version,
    previousVersion: null,
    services: ids.map((id) => createService(id, bootedAt)),
    events: [],
    bus,
    config: machineConfig({ name, controlPlane }),
    configVersion: 3,
    tried: null,
    dmesg: kernelLines(),
    // Ids of etcd members do not fit into a double.
    etcd: controlPlane
      ? {
          id: String(9_223_372_036_854_770_000n + BigInt(member)),
          bytes: 120 * MIB,
          bytesInUse: 60 * MIB,
          sick: null,
          alarm: null,
          learner: false,
        }
      : null,
  }
  emit(node, '', 'MachineStatusEvent', { stage: 4 })
  return node
}

function createService(id: string, at: number): SimulatedService {
  const checked = !['machined', 'udevd'].includes(id)
  return {
    id,
    state: 'Running',
    healthy: checked ? true : null,
    message: '',
    events: [
      { at, state: 'Preparing', message: 'Running pre state' },
      { at, state: 'Running', message: `Started task ${id}` },
    ],
    stubborn: false,
    log: logLines(id),
  }
}

export function emit(node: SimulatedNode, actor: string, type: string, payload: Record<string, unknown>): void {
  const event = { id: randomUUID(), actor, type, payload }
  node.events.push(event)
  node.bus.emit('event', event)
}

export function isUp({ stage }: SimulatedNode): boolean {
  return stage === 'running' || stage === 'shutting down' || stage === 'upgrading' || stage === 'booting'
}

export function serviceOf(node: SimulatedNode, id: string): SimulatedService | undefined {
  return node.services.find((service) => service.id === id)
}

/** Moves a service into a state, as its own events tell it. */
export function moveService(
  node: SimulatedNode,
  service: SimulatedService,
  state: string,
  message: string,
  at: number,
) {
  service.state = state
  service.events.push({ at, state, message })
  const action = ['Initialized', 'Preparing', 'Waiting', 'Running', 'Stopping', 'Finished', 'Failed'].indexOf(state)
  emit(node, '', 'ServiceStateEvent', { service: service.id, action: Math.max(0, action), message })
}

/** Whether the machine itself says that it is ready, and what is not met. */
export function readiness(node: SimulatedNode): { name: string; reason: string }[] {
  const ill = node.services.filter(({ state, healthy }) => healthy === false || state === 'Failed')
  return [
    ...(node.stage === 'running' ? [] : [{ name: 'stage', reason: `the machine is ${node.stage}` }]),
    ...ill.map(({ id, message }) => ({ name: 'services', reason: `${id} is not healthy: ${message}` })),
    ...(/^\s+simulated\.unready:/m.test(node.config) ? [{ name: 'sysctls', reason: 'simulated.unready is set' }] : []),
  ]
}
