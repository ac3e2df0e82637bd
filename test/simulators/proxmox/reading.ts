import { holds, type Token } from './access.ts'
import { cannot } from './api-error.ts'
import { PLANTED } from './seed.ts'
import { called, digestOf, type Guest, guestOn, memoryOf, nameOf, type State, type Storage } from './state.ts'
import type { Task, Tasks } from './tasks.ts'

export interface Asked {
  state: State
  tasks: Tasks
  token: Token
  /** The names of the path. */
  path: Record<string, string>
  params: Record<string, string>
}

export interface Answer {
  data: unknown
  total?: number
}

type Reader = (asked: Asked) => unknown

const seconds = (milliseconds: number) => Math.floor(milliseconds / 1000)

/** Everything that only looks, by the name of its endpoint; `{kind}` stands for both kinds of guest. */
export const READERS: Readonly<Record<string, Reader>> = {
  'GET /version': () => ({ version: '9.1.2', release: '9.1', repoid: '9b9b9b9b' }),
  'GET /access/permissions': ({ token }) =>
    Object.fromEntries(
      Object.entries(token.acl).map(([path, names]) => [path, Object.fromEntries(names.map((name) => [name, 1]))]),
    ),
  'GET /cluster/status': ({ state }) => {
    const nodes = [...state.nodes.values()]
    const quorate = nodes.filter(({ online }) => online).length * 2 > nodes.length ? 1 : 0
    return [
      { type: 'cluster', id: 'cluster', name: state.name, quorate, nodes: nodes.length, version: 3 },
      ...nodes.map(({ name, online }, at) => {
        return {
          type: 'node',
          id: `node/${name}`,
          name,
          online: online ? 1 : 0,
          ip: `192.0.2.${at + 1}`,
          nodeid: at + 1,
          local: at === 0 ? 1 : 0,
          level: '',
        }
      }),
    ]
  },
  'GET /cluster/ha/status/current': ({ state }) => [
    { type: 'quorum', id: 'quorum', node: 'pve1', quorate: 1, status: 'OK' },
    ...[...state.guests.values()].flatMap((guest) => {
      const sid = `${guest.kind === 'qemu' ? 'vm' : 'ct'}:${guest.id}`
      return guest.ha
        ? [
            {
              type: 'service',
              id: `service:${sid}`,
              sid,
              node: guest.node,
              state: guest.ha,
              status: `${sid} (${guest.node}, ${guest.ha})`,
            },
          ]
        : []
    }),
  ],
  'GET /cluster/ceph/status': () => {
    throw cannot('binary not installed: /usr/bin/ceph-mon')
  },
  'GET /cluster/firewall/rules': ({ state }) => state.firewall,
  'GET /cluster/resources': ({ state, token, params }) => resources(state, token, params.type),
  'GET /cluster/backup-info/not-backed-up': ({ state }) =>
    [...state.guests.values()]
      .filter(({ id, config }) => id !== 100 && config.template === undefined)
      .map((guest) => ({ vmid: guest.id, name: nameOf(guest), type: guest.kind })),
  'GET /cluster/tasks': (asked) => visible(asked).slice(0, 25).map(taskRow),

  'GET /nodes/{node}/status': ({ state, path }) => {
    const node = state.nodes.get(path.node ?? '')
    return {
      pveversion: 'pve-manager/9.1.2/9b9b9b9b',
      cpu: 0.12,
      cpuinfo: { cpus: node?.cpus, model: 'Simulated' },
      'current-kernel': { release: '6.17.2-1-pve', sysname: 'Linux' },
      'boot-info': { mode: 'efi' },
      loadavg: ['0.42', '0.40', '0.38'],
      memory: { total: node?.memory, used: node?.memoryUsed, free: (node?.memory ?? 0) - (node?.memoryUsed ?? 0) },
      rootfs: { total: 100, used: 40, free: 60, avail: 60 },
      uptime: 864_000,
    }
  },
  'GET /nodes/{node}/services': () => {
    const service = (name: string, active: string, state: string) => ({
      ...{ service: name, name, desc: `${name} of Proxmox VE`, state, 'active-state': active, 'unit-state': 'enabled' },
    })
    return [
      service('pveproxy', 'active', 'running'),
      service('pvestatd', 'active', 'running'),
      service('corosync', 'active', 'running'),
    ]
  },
  'GET /nodes/{node}/journal': ({ state, path, params }) => {
    const lines = state.nodes.get(path.node ?? '')?.journal ?? []
    return params.lastentries === undefined ? lines : lines.slice(-Number(params.lastentries))
  },
  'GET /nodes/{node}/disks/list': () => [
    {
      devpath: '/dev/nvme0n1',
      gpt: 1,
      mounted: 1,
      used: 'LVM',
      size: 1_000_204_886_016,
      model: 'Simulated SSD',
      osdid: -1,
      'osdid-list': [],
      health: 'PASSED',
      type: 'nvme',
      wearout: 97,
    },
    {
      devpath: '/dev/sda',
      gpt: 0,
      mounted: 0,
      size: 4_000_787_030_016,
      model: 'Simulated HDD',
      osdid: -1,
      'osdid-list': [],
      health: 'PASSED',
      type: 'hdd',
    },
  ],
  'GET /nodes/{node}/disks/smart': ({ params }) => ({
    health: params.disk === '/dev/sda' ? 'FAILED' : 'PASSED',
    type: 'ata',
    attributes: [
      { id: '  5', name: 'Reallocated_Sector_Ct', raw: '48', fail: params.disk === '/dev/sda' ? 'FAILING_NOW' : '-' },
    ],
  }),
  'GET /nodes/{node}/storage': ({ state, path, params }) =>
    storagesOf(state, path.node ?? '')
      .filter(
        ({ content, storage }) =>
          (!params.content || content.split(',').includes(params.content)) &&
          (!params.storage || storage === params.storage),
      )
      .map(storageRow),
  'GET /nodes/{node}/storage/{storage}/content': ({ state, path, params }) => {
    if (!storagesOf(state, path.node ?? '').some(({ storage }) => storage === path.storage))
      throw cannot(`storage '${path.storage}' does not exist`)
    return state.volumes
      .filter(({ storage, node }) => storage === path.storage && (node === undefined || node === path.node))
      .filter(
        ({ content, vmid }) =>
          (!params.content || content === params.content) && (!params.vmid || vmid === Number(params.vmid)),
      )
      .map(({ volid, format, size, vmid, ctime, notes }) => ({ volid, format, size, vmid, ctime, notes }))
  },
  'GET /nodes/{node}/tasks': (asked) => {
    const { path, params } = asked
    const { vmid, typefilter, since, limit = '50', errors } = params
    return visible(asked)
      .filter(
        ({ node, id, type }) => node === path.node && (!vmid || id === vmid) && (!typefilter || type === typefilter),
      )
      .filter(({ starttime }) => !since || starttime >= Number(since))
      .filter(({ exit }) => errors !== '1' || (exit !== undefined && exit !== 'OK'))
      .filter(({ exit }) => params.source === 'all' || (params.source === 'active') === (exit === undefined))
      .slice(0, Number(limit))
      .map(taskRow)
  },
  'GET /nodes/{node}/tasks/{upid}/status': (asked) => {
    const { upid, node, pid, pstart, starttime, type, id, user, exit } = ownTask(asked)
    return {
      ...{ upid, node, pid, pstart, starttime, type, id, user, status: exit === undefined ? 'running' : 'stopped' },
      exitstatus: exit,
    }
  },
  'GET /nodes/{node}/tasks/{upid}/log': (asked) => {
    const { log } = ownTask(asked)
    const from = Number(asked.params.start ?? 0)
    const lines = log.map((t, at) => ({ n: at + 1, t })).slice(from, from + Number(asked.params.limit ?? 50))
    return { lines, total: log.length }
  },

  'GET /nodes/{node}/{kind}/{vmid}/status/current': (asked) => statusRow(asked.state, guestOf(asked)),
  'GET /nodes/{node}/{kind}/{vmid}/config': (asked) => configRow(guestOf(asked)),
  'GET /nodes/{node}/{kind}/{vmid}/pending': (asked) => {
    const { config, pending } = guestOf(asked)
    const keys = [...new Set([...Object.keys(config), ...Object.keys(pending)])]
    return keys.map((key) => ({
      key,
      ...(config[key] === undefined ? {} : { value: config[key] }),
      ...(pending[key] === undefined ? {} : { pending: pending[key] }),
    }))
  },
  'GET /nodes/{node}/{kind}/{vmid}/snapshot': (asked) => {
    const { snapshots, kind } = guestOf(asked)
    const parent = snapshots.at(-1)?.name
    return [
      ...snapshots.map((one) => ({ ...one, ...(kind === 'qemu' ? { vmstate: 0 } : {}) })),
      { name: 'current', description: 'You are here!', ...(parent ? { parent } : {}) },
    ]
  },
  'GET /nodes/{node}/{kind}/{vmid}/rrddata': (asked) => {
    const guest = guestOf(asked)
    const start = seconds(asked.state.now()) - 3_600
    return Array.from({ length: 60 }, (_, at) => {
      const cpu = guest.hung ? 1 : 0.2
      return {
        time: start + at * 60,
        cpu,
        maxcpu: 2,
        mem: memoryOf(guest) / 2,
        maxmem: memoryOf(guest),
        netin: 100,
        netout: 50,
        diskread: 0,
        diskwrite: 10,
      }
    })
  },
  'GET /nodes/{node}/qemu/{vmid}/firewall/rules': ({ state }) => state.firewall.slice(0, 1),
  'GET /nodes/{node}/lxc/{vmid}/interfaces': (asked) => [
    {
      name: 'eth0',
      hwaddr: 'bc:24:11:00:02:00',
      'hardware-address': 'bc:24:11:00:02:00',
      inet: `198.51.100.${guestOf(asked).id % 250}/24`,
      'ip-addresses': [],
    },
  ],
  'GET /nodes/{node}/qemu/{vmid}/agent/info': (asked) => agent(asked, { version: '10.1.0', supported_commands: [] }),
  'GET /nodes/{node}/qemu/{vmid}/agent/get-osinfo': (asked) =>
    agent(asked, {
      'pretty-name': `Debian GNU/Linux 13${guestOf(asked).id === 100 ? ` token=${PLANTED.agent}` : ''}`,
      'kernel-release': '6.12.43',
    }),
  'GET /nodes/{node}/qemu/{vmid}/agent/network-get-interfaces': (asked) =>
    agent(asked, [
      {
        name: 'eth0',
        'hardware-address': 'bc:24:11:00:01:00',
        'ip-addresses': [{ 'ip-address': '198.51.100.10', prefix: 24, 'ip-address-type': 'ipv4' }],
      },
    ]),
  'GET /nodes/{node}/qemu/{vmid}/migrate': (asked) => {
    const guest = guestOf(asked)
    const target = asked.params.target ?? ''
    const tied = Object.keys(guest.config).filter((key) => /^hostpci\d/.test(key))
    const missing = volumeStorages(guest).filter(
      (name) => !storagesOf(asked.state, target).some(({ storage }) => storage === name),
    )
    const local = Object.entries(guest.config).flatMap(([key, value]) => {
      const volume = /^((?!none)[\w.-]+:[^,]+)/.exec(String(value))?.[1]
      return /^(scsi|virtio|sata)\d+$/.test(key) && volume ? [{ volid: volume, drivename: key, size: 1 }] : []
    })
    return {
      running: guest.running ? 1 : 0,
      allowed_nodes: missing.length > 0 ? [] : [target],
      not_allowed_nodes: missing.length > 0 ? { [target]: { unavailable_storages: missing } } : {},
      ...{
        local_disks: local,
        local_resources: tied,
        'mapped-resources': [],
        'mapped-resource-info': {},
        'has-dbus-vmstate': 1,
      },
    }
  },
}

export function guestOf({ state, path }: Asked & { path: Record<string, string> }): Guest {
  return guestOn(state, path.node ?? '', path.kind ?? '', Number(path.vmid))
}

export function storagesOf(state: State, node: string): Storage[] {
  return [...state.storages.values()].filter(({ nodes }) => !nodes || nodes.includes(node))
}

/** The storages a guest has volumes on. */
export function volumeStorages({ config }: Guest): string[] {
  return Object.entries(config).flatMap(([key, value]) => {
    const storage = /^([A-Za-z][\w.-]*):/.exec(String(value))?.[1]
    return /^(scsi|virtio|sata|ide|mp)\d+$|^rootfs$/.test(key) && storage ? [storage] : []
  })
}

function resources(state: State, token: Token, kind: string | undefined): unknown[] {
  const nodes = [...state.nodes.values()].map(({ name, online, cpus, memory, memoryUsed }) => ({
    ...{ id: `node/${name}`, type: 'node', node: name, status: online ? 'online' : 'offline' },
    ...(online ? { cpu: 0.12, maxcpu: cpus, mem: memoryUsed, maxmem: memory, uptime: 864_000, level: '' } : {}),
  }))
  const storages = [...state.nodes.values()].flatMap(({ name, online }) =>
    storagesOf(state, name).map(({ storage, type, content, shared, used, total }) => ({
      ...{ id: `storage/${name}/${storage}`, type: 'storage', node: name, storage, plugintype: type, content },
      ...{ shared: shared ? 1 : 0, status: online ? 'available' : 'unknown', disk: used, maxdisk: total },
    })),
  )
  const guests = [...state.guests.values()]
    .filter(({ id }) => holds(token, 'VM.Audit', `/vms/${id}`))
    .map((guest) => {
      const online = state.nodes.get(guest.node)?.online ?? false
      return {
        ...{ id: `${guest.kind}/${guest.id}`, type: guest.kind, vmid: guest.id, node: guest.node, name: nameOf(guest) },
        ...{
          status: online ? (guest.running ? 'running' : 'stopped') : 'unknown',
          template: guest.config.template ? 1 : 0,
        },
        ...(guest.config.tags ? { tags: String(guest.config.tags) } : {}),
        ...(guest.lock ? { lock: guest.lock } : {}),
        ...{
          cpu: guest.hung ? 1 : 0.05,
          maxcpu: Number(guest.config.cores),
          mem: memoryOf(guest) / 2,
          maxmem: memoryOf(guest),
        },
      }
    })
  if (kind === 'vm') return guests
  if (kind === 'node') return nodes
  if (kind === 'storage') return storages
  return kind === 'sdn' ? [] : [...guests, ...nodes, ...storages]
}

function storageRow({ storage, type, content, shared, used, total }: Storage) {
  return {
    ...{ storage, type, content, shared: shared ? 1 : 0, active: 1, enabled: 1 },
    ...{ used, total, avail: total - used, used_fraction: used / total },
  }
}

/** A task's rows are for whoever started it, and for those who may audit its node. */
function visible({ tasks, token }: Asked): Task[] {
  return tasks
    .all()
    .filter(
      ({ user, node, lost }) => lost !== 'all' && (user === token.id || holds(token, 'Sys.Audit', `/nodes/${node}`)),
    )
}

function ownTask({ tasks, token, path }: Asked): Task {
  const task = tasks.find(path.upid ?? '')
  if (task.user !== token.id && !holds(token, 'Sys.Audit', `/nodes/${task.node}`)) throw cannot('no such task')
  return task
}

function taskRow({ upid, node, pid, pstart, starttime, endtime, type, id, user, exit }: Task) {
  return {
    upid,
    node,
    pid,
    pstart,
    starttime,
    type,
    id,
    user,
    ...(exit === undefined ? {} : { endtime, status: exit }),
  }
}

function statusRow(state: State, guest: Guest) {
  const { id, kind, running, paused, lock, ha, config, startedAt } = guest
  const common = {
    ...{
      vmid: id,
      name: nameOf(guest),
      status: running ? 'running' : 'stopped',
      ha: ha ? { managed: 1, state: ha } : { managed: 0 },
    },
    ...{
      cpu: running ? (guest.hung ? 1 : 0.05) : 0,
      cpus: Number(config.cores),
      maxmem: memoryOf(guest),
      mem: running ? memoryOf(guest) / 2 : 0,
    },
    ...{
      uptime: running ? seconds(state.now() - startedAt) : 0,
      ...(lock ? { lock } : {}),
      ...(config.tags ? { tags: String(config.tags) } : {}),
    },
  }
  if (kind === 'lxc') return common
  return {
    ...common,
    qmpstatus: running ? (paused ? 'paused' : 'running') : 'stopped',
    ...(config.agent ? { agent: 1 } : {}),
  }
}

/** With the cloud-init password in the clear, which a real node may hide: nobody is to rest on that. */
function configRow(guest: Guest) {
  return { ...guest.config, ...(guest.lock ? { lock: guest.lock } : {}), digest: digestOf(guest) }
}

function agent(asked: Asked, result: unknown) {
  const guest = guestOf(asked)
  if (!guest.running) throw cannot(`${called(guest)} is not running`)
  if (!guest.config.agent) throw cannot('No QEMU guest agent configured')
  if (guest.hung) throw cannot('QEMU guest agent is not running')
  return { result }
}
