import type { Member, Resource, Service } from './cluster.ts'
import { isoOf, type TimestampMessage } from './timestamp.ts'

/** Messages as they come off the wire: 64-bit numbers as text, enums by name. */
export type StatusSpec = {
  stage?: string
  status?: { ready?: boolean; unmetConditions?: { name: string; reason: string }[] }
}
export type VersionMessage = {
  version: { tag: string; sha: string; built: string; arch: string } | null
  platform: { name: string; mode: string } | null
}
export type ServiceMessage = {
  id: string
  state: string
  events: { events: { msg: string; state: string; ts: TimestampMessage | null }[] } | null
  health: { unknown: boolean; healthy: boolean; last_message: string } | null
}
export type DiskMessage = {
  device_name: string
  size: string | number
  model: string
  serial: string
  type: string
  system_disk: boolean
  readonly: boolean
}
export type DiskStatMessage = Record<
  'name' | 'read_completed' | 'write_completed' | 'read_sectors' | 'write_sectors' | 'io_in_progress' | 'io_time_ms',
  string
>
export type MountMessage = { filesystem: string; mounted_on: string; size: string; available: string }
export type EtcdStatusMessage = {
  member_id: string
  leader: string
  protocol_version: string
  db_size: string
  db_size_in_use: string
  raft_term: string
  raft_index: string
  raft_applied_index: string
  is_learner: boolean
  errors: string[]
}

export function toService({ id, state, events, health }: ServiceMessage): Service {
  const told = (events?.events ?? []).map(({ msg, state: into, ts }) => ({ at: isoOf(ts), state: into, message: msg }))
  return {
    id,
    state,
    health: !health || health.unknown ? 'unknown' : health.healthy ? 'healthy' : 'unhealthy',
    message: health?.last_message ?? '',
    startedAt: told.findLast(({ state: into }) => into === 'Running')?.at ?? null,
    events: told,
  }
}

/** The member as the talosconfig would address it, where it does. */
export function toMember({ id, spec }: Resource, nodes: readonly string[], endpoints: readonly string[]): Member[] {
  const { hostname, addresses = [], machineType, operatingSystem } = Object(spec) as MemberSpec
  const hosts = [...nodes, ...endpoints.map((endpoint) => endpoint.replace(/:\d+$/, ''))]
  const address = addresses.find((one) => hosts.includes(one)) ?? addresses[0]
  if (address === undefined) return []
  return [
    {
      name: hostname ?? id,
      address,
      addresses,
      controlPlane: machineType === 'controlplane' || machineType === 'init',
      version: /\((v[^)]+)\)/.exec(operatingSystem ?? '')?.[1] ?? null,
    },
  ]
}

type MemberSpec = { hostname?: string; addresses?: string[]; machineType?: string; operatingSystem?: string }

export function diskOf({ id, spec }: Resource): DiskMessage {
  const { dev_path: path, size = 0, model = '', serial = '', rotational, readonly = false } = Object(spec) as DiskSpec
  const type = rotational === undefined ? 'UNKNOWN' : rotational ? 'HDD' : 'SSD'
  return { device_name: path ?? `/dev/${id}`, size, model, serial, type, system_disk: false, readonly }
}

type DiskSpec = {
  dev_path?: string
  size?: number
  model?: string
  serial?: string
  rotational?: boolean
  readonly?: boolean
}
