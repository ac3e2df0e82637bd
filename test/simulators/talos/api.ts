import { createHash, randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseAllDocuments } from 'yaml'
import { highest } from './access.ts'
import { answers, etcdOf } from './etcd.ts'
import { GrpcError } from './grpc-error.ts'
import type { Life } from './life.ts'
import { readiness, type SimulatedEvent, type SimulatedNode, serviceOf } from './node.ts'
import type { Message, Protos } from './proto.ts'
import { isSensitive, resourcesOf, timestamp, toMessage } from './resources.ts'

export interface Call {
  node: SimulatedNode
  request: Message
  organizations: readonly string[]
  /** Aborted when the client cancels or goes away. */
  signal: AbortSignal
}

export interface Api {
  nodes: readonly SimulatedNode[]
  life: Life
  protos: Protos
  discovery: boolean
  now: () => number
}

export type Unary = (api: Api, call: Call) => Message
export type Streaming = (api: Api, call: Call) => AsyncGenerator<Message>

/** Every unary method the simulator answers, by its path without the slash. */
export const UNARY: Record<string, Unary> = {
  'machine.MachineService/Version': (_api, { node }) =>
    reply({
      version: { tag: node.version, sha: 'abc1234', built: '', go_version: 'go1.25', os: 'linux', arch: 'amd64' },
      platform: { name: 'metal', mode: 'metal' },
      features: { rbac: true },
    }),
  'machine.MachineService/Hostname': (_api, { node }) => reply({ hostname: node.name }),
  'machine.MachineService/LoadAvg': () => reply({ load1: 0.42, load5: 0.36, load15: 0.31 }),
  'machine.MachineService/Memory': () =>
    reply({ meminfo: { memtotal: '8388608', memfree: '1048576', memavailable: '6291456' } }),
  'machine.MachineService/SystemStat': (_api, { node }) =>
    reply({ boot_time: String(Math.floor(node.bootedAt / 1000)) }),
  'machine.MachineService/Mounts': () =>
    reply({
      stats: [
        { filesystem: '/dev/sda6', size: '100000000000', available: '12000000000', mounted_on: '/var' },
        { filesystem: '/dev/loop0', size: '60000000', available: '0', mounted_on: '/' },
      ],
    }),
  'machine.MachineService/DiskStats': () =>
    reply({
      devices: [
        {
          name: 'sda',
          read_completed: '1000',
          read_sectors: '80000',
          write_completed: '2000',
          write_sectors: '160000',
          io_time_ms: '900',
        },
      ],
    }),
  'storage.StorageService/Disks': () =>
    reply({
      disks: [
        {
          size: '128035676160',
          model: 'Simulated SSD',
          device_name: '/dev/sda',
          serial: 'S1',
          type: 'SSD',
          system_disk: true,
        },
      ],
    }),
  'machine.MachineService/ServiceList': (_api, { node }) =>
    reply({
      services: node.services.map(({ id, state, healthy, message, events }) => ({
        id,
        state,
        events: {
          events: events.map(({ at, state: into, message: msg }) => ({ msg, state: into, ts: timestamp(at) })),
        },
        health: {
          unknown: healthy === null || state !== 'Running',
          healthy: healthy === true && state === 'Running',
          last_message: message,
          last_change: timestamp(events.at(-1)?.at ?? 0),
        },
      })),
    }),
  'machine.MachineService/ServiceStart': (api, { node, request }) => {
    api.life.startService(node, String(request.id))
    return reply({ resp: `Service "${request.id}" started` })
  },
  'machine.MachineService/ServiceStop': (api, { node, request }) => {
    api.life.stopService(node, String(request.id))
    return reply({ resp: `Service "${request.id}" stopped` })
  },
  'machine.MachineService/ServiceRestart': (api, { node, request }) => {
    api.life.restartService(node, String(request.id))
    return reply({ resp: `Service "${request.id}" restarted` })
  },
  'machine.MachineService/EtcdMemberList': (api) => {
    const { members, hasQuorum } = etcdOf(api.nodes)
    if (!hasQuorum) throw new GrpcError('UNAVAILABLE', 'etcdserver: no leader')
    return reply({
      members: members.map((node) => ({
        id: node.etcd?.id,
        hostname: node.name,
        peer_urls: [`https://${node.address}:2380`],
        client_urls: [`https://${node.address}:2379`],
        is_learner: node.etcd?.learner,
      })),
    })
  },
  'machine.MachineService/EtcdStatus': (api, { node }) => {
    const etcd = runningEtcd(node)
    const { leader } = etcdOf(api.nodes)
    return reply({
      member_status: {
        member_id: etcd.id,
        protocol_version: '3.6.5',
        db_size: String(etcd.bytes),
        db_size_in_use: String(etcd.bytesInUse),
        leader: leader?.etcd?.id ?? '0',
        raft_index: '123456',
        raft_term: '7',
        raft_applied_index: '123456',
        errors: etcd.sick === null ? [] : [etcd.sick],
        is_learner: etcd.learner,
      },
    })
  },
  'machine.MachineService/EtcdAlarmList': (api, { node }) => {
    runningEtcd(node)
    return reply({
      member_alarms: api.nodes.flatMap(({ etcd }) => (etcd?.alarm ? [{ member_id: etcd.id, alarm: etcd.alarm }] : [])),
    })
  },
  'machine.MachineService/EtcdDefragment': (_api, { node }) => {
    const etcd = runningEtcd(node)
    etcd.bytes = etcd.bytesInUse
    return reply({})
  },
  'machine.MachineService/Reboot': (api, { node }) => reply({ actor_id: api.life.reboot(node, 'reboot') }),
  'machine.MachineService/Shutdown': (api, { node }) => reply({ actor_id: api.life.shutdown(node) }),
  'machine.MachineService/Rollback': (api, { node }) => {
    const previous = node.previousVersion
    if (previous === null) throw new GrpcError('FAILED_PRECONDITION', 'there is no previous installation to boot into')
    api.life.reboot(node, 'reboot', () => {
      node.previousVersion = node.version
      node.version = previous
    })
    return reply({})
  },
  'machine.MachineService/Upgrade': (api, { node, request }) => {
    if (minorOf(node.version) >= 18)
      throw new GrpcError('UNIMPLEMENTED', 'unknown method Upgrade for service machine.MachineService')
    return reply({ ack: 'Upgrade request received', actor_id: boot(api, node, String(request.image)) })
  },
  'machine.MachineService/ApplyConfiguration': (_api, { node, request }) => applyConfiguration(node, request),
  'cosi.resource.State/Get': (api, call) => {
    const { type, id, namespace } = call.request
    const found = resourcesOf(call.node, api.nodes, api).find(
      (one) => one.type === type && one.id === id && one.namespace === namespace,
    )
    readable(call)
    if (!found) throw new GrpcError('NOT_FOUND', `resource ${type}(${namespace}/${id}) doesn't exist`)
    return { resource: toMessage(found) }
  },
}

/** Every method that answers with a stream. */
export const STREAMING: Record<string, Streaming> = {
  async *'cosi.resource.State/List'(api, call) {
    readable(call)
    const { type, namespace } = call.request
    const found = resourcesOf(call.node, api.nodes, api).filter(
      (one) => one.type === type && one.namespace === namespace,
    )
    for (const one of found) yield { resource: toMessage(one) }
  },
  async *'machine.MachineService/Logs'(_api, { node, request }) {
    const service = serviceOf(node, String(request.id))
    if (!service) throw new GrpcError('NOT_FOUND', `log "${request.id}" was not registered`)
    const tail = Number(request.tail_lines)
    const lines = tail > 0 ? service.log.slice(-tail) : service.log
    for (const line of lines) yield { bytes: Buffer.from(`${line}\n`) }
  },
  async *'machine.MachineService/Dmesg'(_api, { node }) {
    for (const line of node.dmesg) yield { bytes: Buffer.from(`${line}\n`) }
  },
  async *'machine.MachineService/Events'(api, { node, request, signal }) {
    const actor = String(request.with_actor_id)
    const tail = Number(request.tail_events)
    const wanted = (event: SimulatedEvent) => actor === '' || event.actor === actor
    const waiting = tail === 0 ? [] : node.events.filter(wanted).slice(tail < 0 ? 0 : -tail)
    let wake = () => {}
    let down = false
    const onEvent = (event: SimulatedEvent) => {
      if (wanted(event)) waiting.push(event)
      wake()
    }
    const onDown = () => {
      down = true
      wake()
    }
    node.bus.on('event', onEvent).on('down', onDown)
    signal.addEventListener('abort', () => wake(), { once: true })
    try {
      while (!signal.aborted) {
        for (let next = waiting.shift(); next; next = waiting.shift()) yield toEventMessage(api, next)
        if (down) throw new GrpcError('UNAVAILABLE', 'error reading from server: EOF')
        await new Promise<void>((resolve) => {
          wake = resolve
          if (waiting.length > 0 || signal.aborted || down) resolve()
        })
      }
    } finally {
      node.bus.off('event', onEvent).off('down', onDown)
    }
  },
  async *'machine.MachineService/EtcdSnapshot'(_api, { node }) {
    const etcd = runningEtcd(node)
    const body = Buffer.concat([Buffer.from(`etcd of ${node.name} ${etcd.id}\n`), randomBytes(200_000)])
    const digest = createHash('sha256').update(body).digest()
    for (let at = 0; at < body.length; at += 64_000) yield { bytes: body.subarray(at, at + 64_000) }
    yield { bytes: digest }
  },
  async *'machine.ImageService/Pull'(_api, { node, request }) {
    if (minorOf(node.version) < 13) throw new GrpcError('UNIMPLEMENTED', 'unknown service machine.ImageService')
    yield { name: String(request.image_ref) }
  },
  async *'machine.LifecycleService/Upgrade'(_api, { node, request }) {
    if (minorOf(node.version) < 13) throw new GrpcError('UNIMPLEMENTED', 'unknown service machine.LifecycleService')
    const { image_name: image } = request.source as { image_name: string }
    yield { progress: { message: `installing ${image}` } }
    node.previousVersion = node.version
    // What is installed runs after the next boot only.
    node.bus.once('down', () => {
      node.version = tagOf(image)
    })
    yield { progress: { exit_code: 0 } }
  },
  async *'cluster.ClusterService/HealthCheck'(api, { request, signal }) {
    const { seconds } = request.wait_timeout as { seconds: string }
    yield { message: `discovered nodes: ${api.nodes.map(({ address }) => address).join(', ')}` }
    const steps: [string, () => string | undefined][] = [
      ['etcd to be healthy', () => (etcdOf(api.nodes).hasQuorum ? undefined : 'etcd has no leader')],
      ['all nodes to be reachable', () => unreachable(api.nodes)],
      ['kubelet to be healthy', () => unhealthy(api.nodes)],
      ['all nodes to report ready', () => unready(api.nodes)],
    ]
    for (const [step, check] of steps) {
      yield { message: `waiting for ${step}: ...` }
      const end = Date.now() + Number(seconds) * 1000
      let trouble = check()
      while (trouble !== undefined && Date.now() < end && !signal.aborted) {
        yield { message: `waiting for ${step}: ${trouble}` }
        await sleep(200)
        trouble = check()
      }
      if (trouble !== undefined) throw new GrpcError('DEADLINE_EXCEEDED', `healthcheck error: ${trouble}`)
      yield { message: `waiting for ${step}: OK` }
    }
  },
}

function reply(message: Message): Message {
  return { messages: [message] }
}

function readable({ request, organizations }: Call): void {
  if (isSensitive(String(request.type)) && highest(organizations) !== 'admin')
    throw new GrpcError('PERMISSION_DENIED', 'no access')
}

function runningEtcd(node: SimulatedNode) {
  if (!node.etcd) throw new GrpcError('UNKNOWN', 'etcd is not supposed to run on this node')
  if (!answers(node)) throw new GrpcError('UNAVAILABLE', 'dial tcp 127.0.0.1:2379: connect: connection refused')
  return node.etcd
}

function boot({ life }: Api, node: SimulatedNode, image: string): string {
  return life.reboot(node, 'upgrade', () => {
    node.previousVersion = node.version
    node.version = tagOf(image)
  })
}

function tagOf(image: string): string {
  return image.split(':').at(-1) ?? ''
}

function minorOf(version: string): number {
  return Number(/^v1\.(\d+)\./.exec(version)?.[1])
}

/** Fields that Talos takes up only by a reboot. */
const WANTS_REBOOT = ['install', 'kernel', 'systemDiskEncryption']

function applyConfiguration(node: SimulatedNode, request: Message): Message {
  const config = (request.data as Buffer).toString('utf8')
  const documents = [parseAllDocuments(config)].flat()
  const main = documents[0]
  const broken = documents.flatMap((document) => ('errors' in document ? document.errors : []))
  if (broken.length > 0 || !main || !('getIn' in main) || main.getIn(['machine', 'type']) === undefined)
    throw new GrpcError('INVALID_ARGUMENT', 'the configuration is not valid: machine.type is missing')
  const before = [parseAllDocuments(node.config)].flat()[0]
  const rebooting = WANTS_REBOOT.some((field) => part(before, field) !== part(main, field))
  const mode = String(request.mode)
  if (rebooting && mode !== 'AUTO')
    throw new GrpcError('INVALID_ARGUMENT', "this config change can't be applied in immediate mode")
  const answer = reply({
    mode: mode === 'AUTO' ? (rebooting ? 'REBOOT' : 'NO_REBOOT') : mode,
    mode_details: `${request.dry_run ? 'Dry run summary:\n' : ''}Applied configuration ${rebooting ? 'with' : 'without'} a reboot\nConfig diff:\n${config}`,
    warnings: [],
  })
  if (request.dry_run === true) return answer
  if (node.tried) clearTimeout(node.tried.timer)
  if (mode === 'TRY') {
    const { seconds } = request.try_mode_timeout as { seconds: string }
    const earlier = node.tried?.config ?? node.config
    const timer = setTimeout(() => {
      node.config = earlier
      node.configVersion += 1
      node.tried = null
    }, Number(seconds) * 1000)
    node.tried = { config: earlier, timer }
  } else {
    node.tried = null
  }
  node.config = config
  node.configVersion += 1
  return answer
}

function part(document: unknown, field: string): string {
  const holder = document as { getIn?: (path: string[]) => unknown } | undefined
  return JSON.stringify(holder?.getIn?.(['machine', field]) ?? null)
}

function toEventMessage({ protos }: Api, { id, actor, type, payload }: SimulatedEvent): Message {
  const value = protos.encode(`machine.${type}`, payload)
  return { id, actor_id: actor, data: { type_url: `talos/runtime/machine.${type}`, value } }
}

function unreachable(nodes: readonly SimulatedNode[]): string | undefined {
  const off = nodes.find(({ stage }) => stage === 'off')
  return off && `${off.address}: connection refused`
}

function unhealthy(nodes: readonly SimulatedNode[]): string | undefined {
  const ill = nodes.find((node) => serviceOf(node, 'kubelet')?.healthy === false)
  return ill && `${ill.address}: kubelet is unhealthy`
}

function unready(nodes: readonly SimulatedNode[]): string | undefined {
  const not = nodes.find((node) => readiness(node).length > 0)
  return not && `some nodes are not ready: [${not.name}]`
}
