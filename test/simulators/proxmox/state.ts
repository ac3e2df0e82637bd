import { createHash } from 'node:crypto'
import { cannot } from './api-error.ts'

export interface Node {
  name: string
  online: boolean
  cpus: number
  /** Bytes. */
  memory: number
  memoryUsed: number
  journal: string[]
}

export interface Snapshot {
  name: string
  description: string
  snaptime: number
  parent?: string
}

export interface Guest {
  id: number
  kind: 'qemu' | 'lxc'
  node: string
  running: boolean
  paused: boolean
  /** It answers nothing any more: a shutdown runs into its timeout, a reset mends it. */
  hung: boolean
  lock?: string
  ha?: string
  startedAt: number
  config: Record<string, string | number>
  /** Values that take effect when the guest is next started. */
  pending: Record<string, string | number>
  snapshots: Snapshot[]
  /** How often it was reset, booted, and so on, by the action. */
  done: Record<string, number>
}

export interface Storage {
  storage: string
  type: string
  content: string
  shared: boolean
  /** Left out: every node has it. */
  nodes?: string[]
  used: number
  total: number
}

export interface Volume {
  volid: string
  storage: string
  /** Where the storage is not shared. */
  node?: string
  content: string
  format: string
  size: number
  vmid?: number
  ctime?: number
  notes?: string
}

export interface State {
  name: string
  nodes: Map<string, Node>
  guests: Map<number, Guest>
  storages: Map<string, Storage>
  volumes: Volume[]
  firewall: Record<string, unknown>[]
  /** Unix milliseconds. */
  now: () => number
}

export interface GuestSpec {
  id: number
  kind?: 'qemu' | 'lxc' | undefined
  node?: string | undefined
  name?: string | undefined
  running?: boolean | undefined
  paused?: boolean | undefined
  lock?: string | undefined
  ha?: string | undefined
  tags?: string | undefined
  storage?: string | undefined
  /** Bytes. */
  config?: Record<string, string | number> | undefined
}

export const GIB = 1_073_741_824

/** Adds a guest with one disk. Throws when its id is taken or its node is not there. */
export function addGuest(state: State, spec: GuestSpec): Guest {
  const { id, kind = 'qemu', node = 'pve1', running = true, storage = 'local-lvm', tags } = spec
  if (state.guests.has(id)) throw new Error(`guest ${id} is there already`)
  if (!state.nodes.has(node)) throw new Error(`there is no node ${node}`)
  const name = spec.name ?? `${kind === 'qemu' ? 'vm' : 'ct'}${id}`
  const tail = String(id).padStart(12, '0')
  const address = `BC:24:11:00:${Math.floor(id / 100)}${(id % 100).toString().padStart(2, '0')}`.slice(0, 14)
  const own: Record<string, string | number> =
    kind === 'qemu'
      ? {
          name,
          sockets: 1,
          scsi0: `${storage}:vm-${id}-disk-0,size=32G`,
          ide2: 'none,media=cdrom',
          smbios1: `uuid=00000000-0000-4000-8000-${tail}`,
          meta: 'creation-qemu=10.1.2,ctime=1790000000',
          memory: '2048',
          ostype: 'l26',
        }
      : { hostname: name, rootfs: `${storage}:vm-${id}-disk-0,size=8G`, memory: 2048, ostype: 'debian', arch: 'amd64' }
  const guest: Guest = {
    id,
    kind,
    node,
    running,
    paused: spec.paused ?? false,
    hung: false,
    startedAt: state.now() - 3_600_000,
    config: {
      ...own,
      net0: `virtio=${address}:${String(id % 100).padStart(2, '0')},bridge=vmbr0`,
      cores: 2,
      onboot: 1,
      ...(tags ? { tags } : {}),
      ...spec.config,
    },
    pending: {},
    snapshots: [],
    done: {},
    ...(spec.lock ? { lock: spec.lock } : {}),
    ...(spec.ha ? { ha: spec.ha } : {}),
  }
  state.guests.set(id, guest)
  return guest
}

/** A guest by its id on the node that was asked; Proxmox VE looks for its file there and nowhere else. */
export function guestOn(state: State, node: string, kind: string, id: number): Guest {
  const guest = state.guests.get(id)
  if (guest && guest.node === node && guest.kind === kind) return guest
  const folder = kind === 'qemu' ? 'qemu-server' : 'lxc'
  throw cannot(`Configuration file 'nodes/${node}/${folder}/${id}.conf' does not exist`)
}

export function digestOf({ config, snapshots }: Guest): string {
  return createHash('sha1')
    .update(JSON.stringify([config, snapshots]))
    .digest('hex')
}

export function memoryOf({ config }: Guest): number {
  return Number(config.memory) * 1_048_576
}

export function nameOf({ config, id }: Guest): string {
  return String(config.name ?? config.hostname ?? id)
}

/** "VM 100", "CT 200". */
export function called({ kind, id }: Guest): string {
  return `${kind === 'qemu' ? 'VM' : 'CT'} ${id}`
}
