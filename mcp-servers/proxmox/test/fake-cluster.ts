import { CallerError, ToolError } from '@watchkeeper/mcp-shared'
import type { GuestRef, Params, ProxmoxCluster } from '../src/cluster.ts'
import { createJournal } from '../src/journal.ts'
import type { Row } from '../src/rows.ts'

export const OPERATOR = 'watchkeeper@pve!operator'

export type FakeGuest = {
  id: number
  kind: 'qemu' | 'lxc'
  node: string
  status: Record<string, unknown>
  config: Record<string, unknown>
  snapshots: Record<string, unknown>[]
  pending: Row[]
}

export type Act = { call: string; guest: number; params: Params }

/** A cluster of plain rows that records every change it was asked for. */
export type FakeCluster = ProxmoxCluster & {
  acts: Act[]
  guests: Map<number, FakeGuest>
  nodes: Record<string, unknown>[]
  storageRows: Record<string, unknown>[]
  content: Row[]
  taskRows: Record<string, unknown>[]
  journalLines: string[]
  firewall: Row[]
  check: Record<string, unknown>
  granted: Row
  /** How the next tasks end; `OK` by default. `lost` never answers its UPID, `gone` is forgotten after it started. */
  ends: string[]
  logLines: string[]
  put(guest: Partial<FakeGuest> & { id: number }): FakeGuest
}

const GIB = 1_073_741_824

/** Three nodes, a storage of LVM-thin on each, a shared one for backups, and no guest. */
export function fakeCluster(protectedTags: readonly string[] = ['etcd']): FakeCluster {
  const guests = new Map<number, FakeGuest>()
  const acts: Act[] = []
  const ends: string[] = []
  const taskRows: Record<string, unknown>[] = []
  const logs = new Map<string, string[]>()
  let clock = 1_790_000_000

  const of = ({ id, node }: GuestRef): FakeGuest => {
    const found = guests.get(id)
    if (!found || found.node !== node) throw new CallerError('not_found', `Guest ${id} is no longer where it was.`)
    return found
  }
  /** Starts a task that has ended by the time anyone asks, and does its work when it ends well. */
  const begin = (type: string, guest: FakeGuest, call: string, params: Params, work: () => void): string => {
    acts.push({ call, guest: guest.id, params })
    clock += 10
    const hex = (n: number) => n.toString(16).toUpperCase().padStart(8, '0')
    const upid = `UPID:${guest.node}:${hex(clock % 4_000_000)}:${hex(clock)}:${hex(clock)}:${type}:${guest.id}:${OPERATOR}:`
    const end = ends.shift() ?? 'OK'
    const exit = end === 'lost' || end === 'gone' ? 'OK' : end
    if (exit === 'OK' || exit.startsWith('WARNINGS')) work()
    if (end !== 'gone')
      taskRows.unshift({
        upid,
        node: guest.node,
        type,
        id: String(guest.id),
        user: OPERATOR,
        starttime: clock,
        endtime: clock + 1,
        status: exit,
      })
    logs.set(upid, ['starting', ...cluster.logLines, `TASK ${exit}`])
    if (end === 'lost') throw new ToolError('unreachable', 'The connection broke.', { retryable: true })
    return upid
  }
  const prefix = (guest: FakeGuest) => (guest.kind === 'qemu' ? 'qm' : 'vz')
  const POWER: Record<string, (guest: FakeGuest) => void> = {
    start: ({ status }) => Object.assign(status, { status: 'running', qmpstatus: 'running' }),
    resume: ({ status }) => Object.assign(status, { qmpstatus: 'running' }),
    suspend: ({ status }) => Object.assign(status, { qmpstatus: 'paused' }),
    shutdown: ({ status }) => Object.assign(status, { status: 'stopped', qmpstatus: 'stopped' }),
    stop: ({ status }) => Object.assign(status, { status: 'stopped', qmpstatus: 'stopped' }),
    reboot: () => {},
    reset: () => {},
  }
  const without = (key: string, wanted: unknown) => (row: Row) => row[key] !== wanted

  const cluster: FakeCluster = {
    name: 'home',
    protectedTags,
    operator: OPERATOR,
    journal: createJournal(),
    acts,
    guests,
    ends,
    taskRows,
    logLines: [],
    nodes: ['pve1', 'pve2', 'pve3'].map((node) => {
      const [type, status] = ['node', 'online']
      return { id: `node/${node}`, type, node, status, maxcpu: 16, cpu: 0.1, maxmem: 64 * GIB, mem: 16 * GIB }
    }),
    storageRows: [
      { storage: 'local-lvm', type: 'lvmthin', content: 'images,rootdir', active: 1, used: 40, total: 100 },
      { storage: 'local', type: 'dir', content: 'iso,vztmpl', active: 1, used: 10, total: 100 },
      { storage: 'vault', type: 'nfs', content: 'backup', active: 1, shared: 1, used: 30, total: 100 },
    ],
    content: [],
    journalLines: ['Nov 01 10:00:00 pve1 systemd[1]: Started something.'],
    firewall: [{ pos: 0, type: 'in', action: 'ACCEPT', enable: 1, dport: '22' }],
    check: { running: true, local_disks: [], local_resources: [], allowed_nodes: ['pve2'], 'mapped-resources': [] },
    granted: { '/': { 'Sys.Audit': 1, 'VM.Audit': 1 } },
    put(guest) {
      const kind = guest.kind ?? 'qemu'
      const full = { kind, node: 'pve1', snapshots: [], pending: [], ...guest } as FakeGuest
      full.status = { vmid: guest.id, name: `guest${guest.id}`, status: 'running', maxmem: 2 * GIB, ...guest.status }
      const disk =
        kind === 'qemu'
          ? { scsi0: `local-lvm:vm-${guest.id}-disk-0,size=32G` }
          : { rootfs: `local-lvm:vm-${guest.id}-disk-0,size=8G` }
      full.config = { cores: 2, memory: 2048, digest: 'd1', ...disk, ...guest.config }
      if (kind === 'qemu') full.config.smbios1 ??= `uuid=00000000-0000-4000-8000-${String(guest.id).padStart(12, '0')}`
      guests.set(guest.id, full)
      return full
    },

    version: async () => ({ version: '9.1.2', release: '9.1', repoid: 'abcdef01' }),
    status: async () => [
      { type: 'cluster', id: 'cluster', name: 'home', quorate: 1, nodes: 3, version: 5 },
      ...cluster.nodes.map(({ node }) => ({
        type: 'node',
        id: `node/${node}`,
        name: node,
        online: 1,
        ip: '192.0.2.1',
      })),
    ],
    haStatus: async () => [
      { type: 'service', id: 'service:vm:100', sid: 'vm:100', status: 'started', node: 'pve1', state: 'started' },
    ],
    cephStatus: async () => {
      throw new CallerError('refused', 'Proxmox VE would not do it: binary not installed: /usr/bin/ceph-mon')
    },
    async resources(kind) {
      const storages = cluster.nodes.flatMap(({ node }) =>
        cluster.storageRows.map(({ storage, type, used, total, content, shared }) => ({
          ...{ id: `storage/${node}/${storage}`, type: 'storage', node, storage, plugintype: type },
          ...{ status: 'available', disk: used, maxdisk: total, content, shared: shared ?? 0 },
        })),
      )
      const vms = [...guests.values()].map(({ id, kind: type, node, status }) => ({
        id: `${type}/${id}`,
        vmid: id,
        type,
        node,
        ...status,
      }))
      if (kind === 'vm') return vms
      if (kind === 'node') return cluster.nodes
      return kind === 'storage' ? storages : [...cluster.nodes, ...storages, ...vms]
    },
    nodeStatus: async () => ({
      pveversion: 'pve-manager/9.1.2',
      cpu: 0.25,
      loadavg: ['0.1', '0.2', '0.3'],
      memory: { used: GIB, total: 4 * GIB },
      rootfs: { used: 1, total: 10 },
      uptime: 1000,
    }),
    nodeServices: async () => [
      {
        service: 'pveproxy',
        name: 'pveproxy',
        state: 'running',
        'active-state': 'active',
        'unit-state': 'enabled',
        desc: 'PVE API Proxy',
      },
      {
        service: 'corosync',
        name: 'corosync',
        state: 'failed',
        'active-state': 'failed',
        'unit-state': 'enabled',
        desc: 'Corosync',
      },
    ],
    nodeJournal: async (_, { lines }) => cluster.journalLines.slice(lines === undefined ? 0 : -lines),
    nodeDisks: async () => [
      { devpath: '/dev/sda', gpt: 1, mounted: 0, size: 1000, type: 'ssd', health: 'PASSED', osdid: -1 },
    ],
    diskHealth: async () => ({
      health: 'PASSED',
      attributes: [{ name: 'Reallocated_Sector_Ct', fail: '-', raw: '0' }],
    }),
    storages: async () => cluster.storageRows,
    storageContent: async (_node, _storage, { guest }) =>
      cluster.content.filter(({ vmid }) => guest === undefined || vmid === guest),
    async guest(id) {
      const found = guests.get(id)
      if (!found) throw new CallerError('not_found', `Guest ${id} not found on any node.`)
      return { id, kind: found.kind, node: found.node, name: String(found.status.name) }
    },
    guestStatus: async (ref) => structuredClone(of(ref).status),
    guestConfig: async (ref) => structuredClone(of(ref).config),
    guestPending: async (ref) => of(ref).pending,
    guestSnapshots: async (ref) => [...of(ref).snapshots, { name: 'current', description: 'You are here!' }],
    guestMetrics: async () =>
      Array.from({ length: 60 }, (_, at) => ({ time: 1_790_000_000 + at * 60, cpu: at / 100, mem: at })),
    async guestAgent(_guest, question) {
      if (question === 'info') return { version: '9.1', supported_commands: [] }
      if (question === 'get-osinfo') return { 'pretty-name': 'Debian GNU/Linux 13', 'kernel-release': '6.12' }
      return [{ name: 'eth0', 'hardware-address': 'aa:bb', 'ip-addresses': [{ 'ip-address': '192.0.2.10' }] }]
    },
    guestInterfaces: async () => [{ name: 'eth0', hwaddr: 'aa:bb', inet: '192.0.2.11/24' }],
    migrationCheck: async () => cluster.check,
    firewallRules: async () => cluster.firewall,
    notBackedUp: async () => [],
    recentTasks: async () => taskRows,
    tasks: async ({ node, guest, type, since = 0 }) =>
      taskRows.filter(
        (row) =>
          row.node === node &&
          (guest === undefined || row.id === String(guest)) &&
          (type === undefined || row.type === type) &&
          Number(row.starttime) >= since,
      ),
    async task(upid) {
      const row = taskRows.find((one) => one.upid === upid)
      if (!row) throw new CallerError('not_found', 'There is no such task.')
      const { status, ...rest } = row
      return status === undefined ? { ...rest, status: 'running' } : { ...rest, status: 'stopped', exitstatus: status }
    },
    async taskLog(upid, lines) {
      const all = logs.get(upid) ?? ['a line']
      return { lines: all.slice(-lines), total: all.length }
    },
    permissions: async () => cluster.granted,

    async power(ref, action, params) {
      const guest = of(ref)
      const type = `${prefix(guest)}${action === 'suspend' ? 'pause' : action}`
      return begin(type, guest, action, params, () => POWER[action]?.(guest))
    },
    async createSnapshot(ref, params) {
      const guest = of(ref)
      return begin(`${prefix(guest)}snapshot`, guest, 'createSnapshot', params, () => {
        guest.snapshots.push({ name: params.snapname, description: params.description, snaptime: clock })
      })
    },
    async deleteSnapshot(ref, name) {
      const guest = of(ref)
      return begin(`${prefix(guest)}delsnapshot`, guest, 'deleteSnapshot', { name }, () => {
        guest.snapshots = guest.snapshots.filter(without('name', name))
      })
    },
    async rollBack(ref, name, params) {
      const guest = of(ref)
      return begin(`${prefix(guest)}rollback`, guest, 'rollBack', { name, ...params }, () => {})
    },
    async backUp(ref, params) {
      const guest = of(ref)
      return begin('vzdump', guest, 'backUp', params, () => {
        cluster.content = [
          ...cluster.content,
          {
            volid: `vault:backup/vzdump-${guest.id}.vma.zst`,
            vmid: guest.id,
            size: 10,
            ctime: clock,
            format: 'vma.zst',
            notes: params['notes-template'],
          },
        ]
      })
    },
    async migrate(ref, params) {
      const guest = of(ref)
      return begin(`${prefix(guest)}${guest.kind === 'qemu' ? 'igrate' : 'migrate'}`, guest, 'migrate', params, () => {
        guest.node = String(params.target)
      })
    },
    async configure(ref, params) {
      const guest = of(ref)
      acts.push({ call: 'configure', guest: guest.id, params })
      const { digest, delete: gone, ...rest } = params
      if (digest !== guest.config.digest)
        throw new CallerError('conflict', 'Nothing was changed: detected modified configuration.')
      for (const key of String(gone ?? '').split(',')) delete guest.config[key]
      Object.assign(guest.config, rest, { digest: `d${acts.length + 1}` })
    },
  }
  return cluster
}

/** What the samples of the contract need: a machine that runs, one that is off, one that is paused, and a container. */
export function home(): FakeCluster {
  const cluster = fakeCluster()
  const old = { name: 'before', description: 'by hand', snaptime: 1_789_000_000 }
  cluster.put({ id: 100, snapshots: [old], config: { onboot: 1, tags: 'web' } })
  cluster.put({ id: 101, status: { status: 'stopped' } })
  cluster.put({ id: 102, status: { qmpstatus: 'paused' } })
  cluster.put({ id: 200, kind: 'lxc' })
  cluster.put({ id: 110, config: { tags: 'etcd;talos' } })
  cluster.taskRows.push({
    upid: UPID,
    node: 'pve1',
    type: 'vzdump',
    id: '100',
    user: 'root@pam',
    starttime: 1_789_000_000,
    endtime: 1_789_000_100,
    status: 'OK',
  })
  return cluster
}

export const UPID = 'UPID:pve1:000ABCDE:0012D687:6AA20A40:vzdump:100:root@pam:'
