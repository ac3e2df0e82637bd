import { ToolError } from '@watchkeeper/mcp-shared'
import type { Member, NodeState, Resource, ResourceKind, TalosCluster, TalosEvent } from './cluster.ts'
import { lastBytes } from './last-bytes.ts'
import type { Connection } from './talos-connection.ts'
import { UnimplementedError } from './talos-errors.ts'
import { type EventMessage, toEvent } from './talos-events.ts'
import {
  type DiskMessage,
  type DiskStatMessage,
  diskOf,
  type EtcdStatusMessage,
  type MountMessage,
  type ServiceMessage,
  type StatusSpec,
  toMember,
  toService,
  type VersionMessage,
} from './talos-messages.ts'
import { type ResourceMessage, toResource } from './talos-resources.ts'

const LOG_BYTES = 2_097_152
const SECTOR = 512
/** A stream of events never ends by itself: so long without another one, and what the node remembers has been told (ms). */
const QUIET = 300
const MEMBERS_FOR = 10_000
const MEMBERS = { namespace: 'cluster', type: 'Members.cluster.talos.dev' }
const IDENTITY = { namespace: 'cluster', type: 'Identities.cluster.talos.dev' }
const STATUS = { namespace: 'runtime', type: 'MachineStatuses.runtime.talos.dev' }
const MACHINE_TYPE = { namespace: 'config', type: 'MachineTypes.config.talos.dev' }

type Replies<T> = { messages: T[] }
type Chunk = { bytes: Buffer }

export type ReadingOptions = { endpoints: readonly string[]; nodes: readonly string[]; now: () => number }

type Reads = Pick<
  TalosCluster,
  | 'members'
  | 'state'
  | 'version'
  | 'load'
  | 'services'
  | 'logs'
  | 'dmesg'
  | 'events'
  | 'follow'
  | 'disks'
  | 'diskUse'
  | 'mounts'
  | 'resources'
  | 'resource'
  | 'etcdMembers'
  | 'etcdStatus'
  | 'etcdAlarms'
  | 'health'
>

/** Everything that only looks. */
export function reading(connection: Connection, { endpoints, nodes, now }: ReadingOptions): Reads {
  let known: { members: Member[]; until: number } | undefined

  async function one<T>(method: Parameters<Connection['unary']>[0]['method'], node: string, signal: AbortSignal) {
    const { messages } = await connection.unary<Replies<T>>({ method, node, signal })
    const [message] = messages
    if (!message) throw new ToolError('unreachable', `${node} answered without content.`, { retryable: true })
    return message
  }

  async function resource(node: string, { namespace, type }: ResourceKind, id: string, signal: AbortSignal) {
    const method = 'cosi.resource.State/Get'
    const request = { namespace, type, id }
    const { resource: found } = await connection.unary<{ resource: ResourceMessage }>({ method, request, node, signal })
    return toResource(found)
  }

  async function resources(node: string | undefined, { namespace, type }: ResourceKind, signal: AbortSignal) {
    const method = 'cosi.resource.State/List'
    const found: Resource[] = []
    const call = { method, request: { namespace, type }, node, signal } as const
    for await (const { resource: next } of connection.stream<{ resource: ResourceMessage }>(call))
      found.push(toResource(next))
    return found
  }

  /** Without discovery: what the talosconfig names, each asked what it is. */
  async function configured(signal: AbortSignal): Promise<Member[]> {
    const addresses = [...new Set([...nodes, ...endpoints.map((endpoint) => endpoint.replace(/:\d+$/, ''))])]
    return Promise.all(
      addresses.map(async (address) => {
        const type = await resource(address, MACHINE_TYPE, 'machine-type', signal).catch((error: unknown) => {
          signal.throwIfAborted()
          if (error instanceof ToolError && error.code === 'unreachable') return undefined
          throw error
        })
        // A node nobody can ask is taken for the one whose loss costs more.
        const controlPlane = type === undefined || type.spec === 'controlplane' || type.spec === 'init'
        return { name: address, address, addresses: [address], controlPlane, version: null }
      }),
    )
  }

  async function* events(node: string, request: object, signal: AbortSignal): AsyncGenerator<TalosEvent> {
    const wire = await connection.wire()
    const call = { method: 'machine.MachineService/Events', request, node, signal } as const
    for await (const message of connection.stream<EventMessage>(call)) yield toEvent(wire, message)
  }

  return {
    async members(signal) {
      if (known && known.until > now()) return known.members
      const found = (await resources(undefined, MEMBERS, signal)).flatMap((member) =>
        toMember(member, nodes, endpoints),
      )
      const members = found.length > 0 ? found : await configured(signal)
      members.sort((a, b) => Number(b.controlPlane) - Number(a.controlPlane) || a.name.localeCompare(b.name))
      known = { members, until: now() + MEMBERS_FOR }
      return members
    },
    async state(node, signal): Promise<NodeState> {
      const [identity, status] = await Promise.all([
        resource(node, IDENTITY, 'local', signal),
        resource(node, STATUS, 'machine', signal),
      ])
      const { nodeId } = Object(identity.spec) as { nodeId?: string }
      const { stage = 'unknown', status: detail } = Object(status.spec) as StatusSpec
      return {
        uid: nodeId ?? node,
        // COSI's state lives in memory: the machine's own status is created anew with every boot.
        bootId: status.created ?? 'unknown',
        stage,
        ready: detail?.ready ?? false,
        unmet: (detail?.unmetConditions ?? []).map(({ name, reason }) => `${name}: ${reason}`),
      }
    },
    async version(node, signal) {
      const { version, platform } = await one<VersionMessage>('machine.MachineService/Version', node, signal)
      const { tag = '', sha = '', built = '', arch = '' } = version ?? {}
      return { tag, sha, built, arch, platform: platform?.name ?? '', mode: platform?.mode ?? '' }
    },
    async load(node, signal) {
      const [average, memory, stat] = await Promise.all([
        one<{ load1: number; load5: number; load15: number }>('machine.MachineService/LoadAvg', node, signal),
        one<{ meminfo: { memtotal: string; memavailable: string } }>('machine.MachineService/Memory', node, signal),
        one<{ boot_time: string }>('machine.MachineService/SystemStat', node, signal),
      ])
      return {
        load: [average.load1, average.load5, average.load15],
        // The kernel counts memory in KiB.
        memoryTotal: Number(memory.meminfo.memtotal) * 1024,
        memoryAvailable: Number(memory.meminfo.memavailable) * 1024,
        bootedAt: new Date(Number(stat.boot_time) * 1000).toISOString(),
      }
    },
    async services(node, signal) {
      const { services } = await one<{ services: ServiceMessage[] }>('machine.MachineService/ServiceList', node, signal)
      return services.map(toService).toSorted((a, b) => a.id.localeCompare(b.id))
    },
    async logs(node, { service, tail }, signal) {
      const request = { namespace: 'system', id: service, driver: 'CONTAINERD', follow: false, tail_lines: tail }
      const call = { method: 'machine.MachineService/Logs', request, node, signal } as const
      return lastBytes(bytesOf(connection.stream<Chunk>(call)), LOG_BYTES)
    },
    async dmesg(node, signal) {
      const call = { method: 'machine.MachineService/Dmesg', request: {}, node, signal } as const
      return lastBytes(bytesOf(connection.stream<Chunk>(call)), LOG_BYTES)
    },
    async events(node, { tail, actor }, signal) {
      const quiet = new AbortController()
      const found: TalosEvent[] = []
      let timer = setTimeout(() => quiet.abort(), 10 * QUIET)
      const request = { tail_events: tail, with_actor_id: actor ?? '' }
      try {
        for await (const event of events(node, request, AbortSignal.any([signal, quiet.signal]))) {
          found.push(event)
          clearTimeout(timer)
          if (found.length >= tail) break
          timer = setTimeout(() => quiet.abort(), QUIET)
        }
      } catch (error) {
        if (!quiet.signal.aborted || signal.aborted) throw error
      } finally {
        clearTimeout(timer)
      }
      return found
    },
    async follow(node, actor, onEvent, signal) {
      try {
        // From the first event on: some may have passed before this was asked.
        for await (const event of events(node, { tail_events: -1, with_actor_id: actor }, signal)) {
          onEvent(event)
          if (event.sequence && event.sequence.state !== 'started') return event
        }
      } catch (error) {
        signal.throwIfAborted()
        if (!(error instanceof ToolError) || error.code !== 'unreachable') throw error
      }
      return undefined
    },
    async disks(node, signal) {
      const { disks } = await one<{ disks: DiskMessage[] }>('storage.StorageService/Disks', node, signal).catch(
        async (error: unknown) => {
          // Talos moved its disks into resources and takes the old service away.
          if (!(error instanceof UnimplementedError)) throw error
          const kind = { namespace: 'runtime', type: 'Disks.block.talos.dev' }
          return { disks: (await resources(node, kind, signal)).map(diskOf) }
        },
      )
      return disks.map(({ device_name: name, size, model, serial, type, system_disk: system, readonly }) => ({
        name,
        bytes: Number(size),
        model,
        serial,
        type,
        system,
        readonly,
      }))
    },
    async diskUse(node, signal) {
      const { devices } = await one<{ devices: DiskStatMessage[] }>('machine.MachineService/DiskStats', node, signal)
      return devices.map((device) => ({
        name: device.name,
        reads: Number(device.read_completed),
        writes: Number(device.write_completed),
        bytesRead: Number(device.read_sectors) * SECTOR,
        bytesWritten: Number(device.write_sectors) * SECTOR,
        inProgress: Number(device.io_in_progress),
        busyMs: Number(device.io_time_ms),
      }))
    },
    async mounts(node, signal) {
      const { stats } = await one<{ stats: MountMessage[] }>('machine.MachineService/Mounts', node, signal)
      return stats.map(({ filesystem, mounted_on: path, size, available }) => ({
        source: filesystem,
        path,
        bytes: Number(size),
        available: Number(available),
      }))
    },
    resources,
    resource,
    async etcdMembers(node, signal) {
      const method = 'machine.MachineService/EtcdMemberList'
      const { members } = await one<{ members: { id: string; hostname: string; is_learner: boolean }[] }>(
        method,
        node,
        signal,
      )
      return members.map(({ id, hostname: name, is_learner: learner }) => ({ id, name, learner }))
    },
    async etcdStatus(node, signal) {
      const reply = await one<{ member_status: EtcdStatusMessage }>('machine.MachineService/EtcdStatus', node, signal)
      const status = reply.member_status
      return {
        id: status.member_id,
        leader: status.leader,
        version: status.protocol_version,
        bytes: Number(status.db_size),
        bytesInUse: Number(status.db_size_in_use),
        raftTerm: Number(status.raft_term),
        raftIndex: Number(status.raft_index),
        raftApplied: Number(status.raft_applied_index),
        learner: status.is_learner,
        errors: status.errors,
      }
    },
    async etcdAlarms(node, signal) {
      const method = 'machine.MachineService/EtcdAlarmList'
      const reply = await one<{ member_alarms: { member_id: string; alarm: string }[] }>(method, node, signal)
      return reply.member_alarms
        .map(({ member_id: member, alarm }) => ({ member, alarm }))
        .filter(({ alarm }) => alarm !== 'NONE')
    },
    async health(node, waitSeconds, signal) {
      const lines: string[] = []
      const request = { wait_timeout: { seconds: String(waitSeconds), nanos: 0 }, cluster_info: {} }
      const call = { method: 'cluster.ClusterService/HealthCheck', request, node, signal } as const
      try {
        for await (const { message } of connection.stream<{ message: string }>(call)) lines.push(message)
        return { lines, failed: null }
      } catch (error) {
        signal.throwIfAborted()
        // A check that does not pass in its time ends the stream with an error, which is an answer here.
        const verdict = error instanceof ToolError && ['refused', 'timeout', 'invalid'].includes(error.code)
        if (!verdict || error instanceof UnimplementedError) throw error
        return { lines, failed: error.message }
      }
    },
  }
}

async function* bytesOf(chunks: AsyncIterable<Chunk>): AsyncGenerator<Buffer> {
  for await (const { bytes } of chunks) yield bytes
}
