import { demand } from './access.ts'
import { ApiError, cannot } from './api-error.ts'
import { type Asked, guestOf, storagesOf, volumeStorages } from './reading.ts'
import { called, digestOf, type Guest, memoryOf, nameOf } from './state.ts'

export interface Acting extends Asked {
  /** Milliseconds that one second of a guest's timeout takes here. */
  secondMs: number
}

type Actor = (asked: Acting) => unknown

const OPTIONS: Readonly<Record<string, string>> = {
  cores: 'VM.Config.CPU',
  sockets: 'VM.Config.CPU',
  memory: 'VM.Config.Memory',
  balloon: 'VM.Config.Memory',
  swap: 'VM.Config.Memory',
}

/** Everything that changes something, by the name of its endpoint; `{kind}` stands for both kinds of guest. */
export const ACTORS: Readonly<Record<string, Actor>> = {
  'POST /nodes/{node}/{kind}/{vmid}/status/start': (asked) => {
    const guest = free(asked, ['suspended'])
    if (guest.config.template)
      throw cannot(`you can't start a ${guest.kind === 'qemu' ? 'vm' : 'CT'} if it's a template`)
    if (guest.running) throw cannot(`${called(guest)} already running`)
    return work(asked, guest, 'start', () => {
      const node = asked.state.nodes.get(guest.node)
      if (node && node.memory - node.memoryUsed < memoryOf(guest)) return 'start failed: not enough memory'
      boot(asked, guest)
      return undefined
    })
  },
  'POST /nodes/{node}/{kind}/{vmid}/status/shutdown': (asked) => down(asked, 'shutdown'),
  'POST /nodes/{node}/{kind}/{vmid}/status/reboot': (asked) => down(asked, 'reboot'),
  'POST /nodes/{node}/{kind}/{vmid}/status/stop': (asked) => {
    const guest = running(asked)
    return work(asked, guest, 'stop', () => {
      Object.assign(guest, { running: false, paused: false, hung: false })
      return undefined
    })
  },
  'POST /nodes/{node}/qemu/{vmid}/status/reset': (asked) => {
    const guest = running(asked)
    return work(asked, guest, 'reset', () => {
      Object.assign(guest, { hung: false, paused: false })
      return undefined
    })
  },
  'POST /nodes/{node}/qemu/{vmid}/status/suspend': (asked) => {
    const guest = running(asked)
    return work(asked, guest, 'pause', () => {
      guest.paused = true
      return undefined
    })
  },
  'POST /nodes/{node}/qemu/{vmid}/status/resume': (asked) => {
    const guest = running(asked)
    return work(asked, guest, 'resume', () => {
      guest.paused = false
      return undefined
    })
  },
  'POST /nodes/{node}/{kind}/{vmid}/snapshot': (asked) => {
    const guest = free(asked)
    const { snapname = '', description = '', vmstate } = asked.params
    if (snapname === 'current' || guest.snapshots.some(({ name }) => name === snapname))
      throw cannot(`snapshot name '${snapname}' already used`)
    for (const name of volumeStorages(guest))
      if (asked.state.storages.get(name)?.type === 'lvm') throw cannot(`snapshot feature is not available`)
    if (vmstate === '1') throw cannot('this cluster takes no snapshots of memory')
    return work(asked, guest, 'snapshot', { lock: 'snapshot' }, () => {
      const parent = guest.snapshots.at(-1)?.name
      const snaptime = Math.floor(asked.state.now() / 1000)
      guest.snapshots.push({ name: snapname, description: `${description}\n`, snaptime, ...(parent ? { parent } : {}) })
      return undefined
    })
  },
  'DELETE /nodes/{node}/{kind}/{vmid}/snapshot/{snapname}': (asked) => {
    const guest = free(asked)
    const name = asked.path.snapname ?? ''
    return work(asked, guest, 'delsnapshot', { lock: 'snapshot-delete' }, () => {
      if (!guest.snapshots.some((one) => one.name === name)) return `snapshot '${name}' does not exist`
      guest.snapshots = guest.snapshots.filter((one) => one.name !== name)
      return undefined
    })
  },
  'POST /nodes/{node}/{kind}/{vmid}/snapshot/{snapname}/rollback': (asked) => {
    const guest = free(asked)
    const name = asked.path.snapname ?? ''
    return work(asked, guest, 'rollback', { lock: 'rollback' }, () => {
      const at = guest.snapshots.findIndex((one) => one.name === name)
      if (at < 0) return `snapshot '${name}' does not exist`
      const zfs = volumeStorages(guest).some((one) => asked.state.storages.get(one)?.type === 'zfspool')
      if (zfs && at < guest.snapshots.length - 1) return `can't rollback, '${name}' is not most recent snapshot`
      guest.running = false
      if (asked.params.start === '1') boot(asked, guest)
      return undefined
    })
  },
  'POST /nodes/{node}/{kind}/{vmid}/migrate': (asked) => {
    const guest = free(asked)
    const target = asked.params.target ?? ''
    if (target === guest.node)
      throw new ApiError(400, 'Parameter verification failed.', { target: 'target is local node.' })
    if (!asked.state.nodes.get(target)?.online) throw cannot(`no such cluster node '${target}'`)
    if (guest.kind === 'lxc' && guest.running && asked.params.restart !== '1')
      throw cannot(`lxc live migration is currently not implemented`)
    if (guest.kind === 'qemu' && guest.running && asked.params.online !== '1')
      throw cannot(`can't migrate running VM without --online`)
    const type = guest.kind === 'qemu' ? 'qmigrate' : 'vzmigrate'
    return start(asked, guest, type, { lock: 'migrate' }, () => {
      const there = storagesOf(asked.state, target).map(({ storage }) => storage)
      const wanted = asked.params.targetstorage ?? asked.params['target-storage']
      const missing = volumeStorages(guest).find((name) => !there.includes(name))
      if (missing && !wanted) return `storage '${missing}' is not available on node '${target}'`
      guest.node = target
      return undefined
    })
  },
  'PUT /nodes/{node}/{kind}/{vmid}/config': (asked) => {
    const guest = free(asked)
    const { digest, delete: gone, ...values } = asked.params
    for (const key of [...Object.keys(values), ...(gone ?? '').split(',').filter(Boolean)])
      demand(asked.token, OPTIONS[key] ?? 'VM.Config.Options', `/vms/${guest.id}`)
    if (digest !== undefined && digest !== digestOf(guest))
      throw cannot('detected modified configuration - file changed by other user? Try again.')
    for (const key of (gone ?? '').split(',')) delete guest.config[key]
    for (const [key, value] of Object.entries(values)) {
      const typed =
        /^(cores|sockets|balloon|swap|onboot)$/.test(key) || (key === 'memory' && guest.kind === 'lxc')
          ? Number(value)
          : value
      const waits = guest.kind === 'qemu' && guest.running && (key === 'cores' || key === 'memory')
      if (waits) guest.pending[key] = typed
      else guest.config[key] = typed
    }
    return null
  },
  'POST /nodes/{node}/vzdump': (asked) => {
    const id = Number(asked.params.vmid)
    demand(asked.token, 'VM.Backup', `/vms/${id}`)
    const name = asked.params.storage ?? 'local'
    demand(asked.token, 'Datastore.AllocateSpace', `/storage/${name}`)
    const guest = asked.state.guests.get(id)
    if (!guest || guest.node !== asked.path.node) throw cannot(`unable to find ${id} on this node`)
    const storage = storagesOf(asked.state, guest.node).find((one) => one.storage === name)
    if (!storage?.content.split(',').includes('backup')) throw cannot(`storage '${name}' does not support backups`)
    return start(asked, guest, 'vzdump', { lock: 'backup' }, () => {
      const ctime = Math.floor(asked.state.now() / 1000)
      const notes = asked.params['notes-template']?.replaceAll('{{guestname}}', nameOf(guest))
      asked.state.volumes.push({
        volid: `${name}:backup/vzdump-${guest.kind}-${id}-${ctime}-${asked.state.volumes.length}.zst`,
        storage: name,
        content: 'backup',
        format: 'zst',
        size: 1_073_741_824,
        vmid: id,
        ctime,
        ...(notes ? { notes } : {}),
      })
      return undefined
    })
  },
}

function free(asked: Acting, despite: readonly string[] = []): Guest {
  const guest = guestOf(asked)
  if (guest.lock && !despite.includes(guest.lock))
    throw cannot(`${guest.kind === 'qemu' ? 'VM' : 'CT'} is locked (${guest.lock})`)
  return guest
}

function running(asked: Acting): Guest {
  const guest = free(asked)
  if (!guest.running) throw cannot(`${called(guest)} not running`)
  return guest
}

function boot({ state }: Acting, guest: Guest): void {
  Object.assign(guest, { running: true, paused: false, hung: false, startedAt: state.now() })
  delete guest.lock
  Object.assign(guest.config, guest.pending)
  guest.pending = {}
}

/** A guest that hangs does not go down by itself: the task ends with its timeout, and the guest runs on as it was. */
function down(asked: Acting, action: 'shutdown' | 'reboot'): string {
  const guest = running(asked)
  const hung = guest.hung
  const takes = hung ? { takes: Number(asked.params.timeout ?? 60) * asked.secondMs } : {}
  return work(asked, guest, action, takes, () => {
    if (guest.hung && asked.params.forceStop !== '1') return `${called(guest)} quit/powerdown failed - got timeout`
    guest.running = false
    if (action === 'reboot') boot(asked, guest)
    return undefined
  })
}

type How = { lock?: string; takes?: number }

function work(
  asked: Acting,
  guest: Guest,
  action: string,
  ...rest: [() => string | undefined] | [How, () => string | undefined]
): string {
  const [how, run] = rest.length === 1 ? [{}, rest[0]] : rest
  return start(asked, guest, `${guest.kind === 'qemu' ? 'qm' : 'vz'}${action}`, how, run)
}

function start(
  { tasks, token }: Acting,
  guest: Guest,
  type: string,
  { lock, takes }: How,
  run: () => string | undefined,
): string {
  if (lock) guest.lock = lock
  return tasks.start({
    ...{ node: guest.node, type, id: String(guest.id), user: token.id },
    ...(takes === undefined ? {} : { takes }),
    run() {
      const failed = run()
      if (failed === undefined) guest.done[type] = (guest.done[type] ?? 0) + 1
      return failed
    },
    finally() {
      if (lock) delete guest.lock
    },
  })
}
