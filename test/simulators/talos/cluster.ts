import { stringify } from 'yaml'
import { createWireFaults, type WireMatch } from '../kubernetes/wire-faults.ts'
import { openOracle } from '../oracle.ts'
import { createAuthority } from '../tls.ts'
import { ROLES, type Role } from './access.ts'
import { layCable } from './cable.ts'
import { createLife } from './life.ts'
import { createNode, type EtcdMember, emit, moveService, type SimulatedNode, serviceOf } from './node.ts'
import { loadProtos } from './proto.ts'
import { PLANTED } from './seed.ts'
import { type AcceptedChange, startServer } from './server.ts'

export interface TalosOptions {
  /** A file that gets one JSON line for every call. */
  oracle?: string
  /** 0, the default, takes any free port. */
  port?: number
  /** How long a node is away when it reboots, ms; 400 by default. */
  rebootMs?: number
  /** How long a service takes to come up or down, ms; 50 by default. */
  serviceMs?: number
  /** Its name in talosconfigs; `homelab` by default. */
  clusterName?: string
  /** Control-plane nodes, 3 by default, and workers, 2. */
  controlPlanes?: number
  workers?: number
  /** Before the name of every node, as in `talos-cp-1`; nothing by default. */
  namePrefix?: string
  /** The version every node runs at first; `v1.12.4` by default. */
  version?: string
  /** Whether nodes know their members; true by default. */
  discovery?: boolean
  now?: () => number
}

export interface TalosConfigOptions {
  /** Instead of the cluster's own endpoint. */
  endpoints?: string[]
  nodes?: string[]
}

/** What of an etcd member can be set from outside. */
export type EtcdState = Partial<Pick<EtcdMember, 'sick' | 'alarm' | 'learner' | 'bytes' | 'bytesInUse'>>

/** A Talos cluster that exists only here: cp-1, cp-2, cp-3, worker-1, worker-2 behind one endpoint, over real gRPC. */
export interface SimulatedTalos {
  /** `127.0.0.1:port`. */
  endpoint: string
  /** The certificate authority of the API, PEM. */
  certificate: string
  /** YAML with a client certificate of this role. */
  talosconfig(role: Role, options?: TalosConfigOptions): string
  /** The same for any Organizations, valid for so many days; below zero it has expired. */
  issueConfig(subject: { organizations: string[]; days?: number }, options?: TalosConfigOptions): Promise<string>
  nodes(): { name: string; address: string; stage: string; version: string; boots: number; bootedAt: number }[]
  /** Makes a service unhealthy; a restart mends it unless it is stubborn. */
  breakService(node: string, service: string, options?: { message?: string; stubborn?: boolean }): void
  healService(node: string, service: string): void
  serviceState(node: string, service: string): { state: string; healthy: boolean | null; startedAt: number | null }
  /** Puts a service into a state at once, such as `Finished` or `Failed`. */
  setService(node: string, service: string, state: string): void
  setVersions(node: string, versions: { runs: string; before: string | null }): void
  setLog(node: string, service: string, lines: string[]): void
  setDmesg(node: string, lines: string[]): void
  /** Replaces the machine configuration, as if it had been applied long ago. */
  setConfig(node: string, yaml: string): void
  setEtcd(node: string, state: EtcdState): void
  etcd(node: string): EtcdMember | null
  powerOff(node: string): void
  powerOn(node: string): void
  /** The next sequence on this node (reboot, upgrade, shutdown) ends with this error. */
  failNext(node: string, message: string): void
  /** The whole machine configuration, secrets and all. */
  config(node: string): { yaml: string; version: number }
  /** Every accepted change in order, rehearsals excluded. */
  changes(): AcceptedChange[]
  /** Values that no tool, card or log may ever show. */
  planted(): readonly string[]
  /** Faults meet calls by `METHOD node`, such as `/^Reboot worker-1$/`; see the wire faults of the Kubernetes simulator. */
  delayNext(on: WireMatch & { ms: number }): void
  dropAnswer(on: WireMatch): void
  hang(on: WireMatch): void
  /** Ends every connection at once. */
  cut(): void
  /** Everything as it was at the start, but for the connections and the log of calls. */
  reset(): void
  stop(): Promise<void>
}

const UPTIME = 5 * 24 * 60 * 60 * 1000

export async function startTalos(options: TalosOptions = {}): Promise<SimulatedTalos> {
  const { port = 0, rebootMs = 400, serviceMs = 50, clusterName = 'homelab', now = Date.now } = options
  const { version = 'v1.12.4', discovery = true } = options
  const authority = await createAuthority('simulated-talos', 'Ed25519')
  const identity = await authority.issueServer()
  const nodes = createNodes(options, version, now() - UPTIME)
  const life = createLife({ rebootMs, serviceMs, now })
  const faults = createWireFaults()
  const changes: AcceptedChange[] = []
  const oracle = openOracle(options.oracle, 'talos')
  const { certificate } = authority
  let cut = () => {}
  const server = await startServer({
    api: { nodes, life, protos: loadProtos(), discovery, now },
    oracle,
    faults,
    authority: certificate,
    identity,
    accepted: (change) => changes.push(change),
    cut: () => cut(),
  })
  const cable = await layCable(server.port, port)
  cut = cable.cut
  const endpoint = `127.0.0.1:${cable.port}`

  const named = (name: string): SimulatedNode => {
    const found = nodes.find((node) => node.name === name)
    if (!found) throw new Error(`the simulated cluster has no node ${name}`)
    return found
  }
  const service = (node: string, id: string) => {
    const found = serviceOf(named(node), id)
    if (!found) throw new Error(`${node} has no service ${id}`)
    return found
  }

  async function issueConfig(
    { organizations, days = 365 }: { organizations: string[]; days?: number },
    { endpoints = [endpoint], nodes: addresses }: TalosConfigOptions = {},
  ): Promise<string> {
    const pair = await authority.issueClient({ commonName: 'simulated-client', organizations, days })
    const context = {
      endpoints,
      nodes: addresses ?? nodes.map(({ address }) => address),
      ca: base64(certificate),
      crt: base64(pair.certificate),
      // As Talos writes it, with a label that OpenSSL does not know.
      key: base64(pair.key.replaceAll('PRIVATE KEY', 'ED25519 PRIVATE KEY')),
    }
    return stringify({ context: clusterName, contexts: { [clusterName]: context } }, { lineWidth: 0 })
  }

  const issued = await Promise.all(
    ROLES.map(async (role) => [role, await issueConfig({ organizations: [`os:${role}`] })] as const),
  )
  const configs = Object.fromEntries(issued) as Record<Role, string>

  return {
    endpoint,
    certificate,
    talosconfig(role, { endpoints, nodes: addresses } = {}) {
      const text = configs[role]
      const withEndpoints = endpoints
        ? text.replace(`- ${endpoint}`, endpoints.map((one) => `- ${one}`).join('\n      '))
        : text
      return addresses
        ? withEndpoints.replace(/nodes:\n(?: +- .*\n)+/, `nodes: [${addresses.join(', ')}]\n`)
        : withEndpoints
    },
    issueConfig,
    nodes: () =>
      nodes.map(({ name, address, stage, version: runs, boots, bootedAt }) => ({
        name,
        address,
        stage,
        version: runs,
        boots,
        bootedAt,
      })),
    breakService(
      node,
      id,
      { message = 'Get "http://127.0.0.1:10248/healthz": connection refused', stubborn = false } = {},
    ) {
      Object.assign(service(node, id), { healthy: false, message, stubborn })
      emit(named(node), '', 'ServiceStateEvent', { service: id, action: 3, message })
    },
    healService(node, id) {
      Object.assign(service(node, id), { healthy: true, message: '', stubborn: false })
      if (service(node, id).state !== 'Running')
        moveService(named(node), service(node, id), 'Running', `Started task ${id}`, now())
    },
    serviceState(node, id) {
      const { state, healthy, events } = service(node, id)
      return { state, healthy, startedAt: events.findLast((event) => event.state === 'Running')?.at ?? null }
    },
    setService(node, id, state) {
      moveService(named(node), service(node, id), state, 'set from outside', now())
    },
    setVersions(node, { runs, before }) {
      Object.assign(named(node), { version: runs, previousVersion: before })
    },
    setLog(node, id, lines) {
      service(node, id).log = [...lines]
    },
    setDmesg(node, lines) {
      named(node).dmesg = [...lines]
    },
    setConfig(node, yaml) {
      named(node).config = yaml
    },
    setEtcd(node, state) {
      const { etcd } = named(node)
      if (!etcd) throw new Error(`${node} has no etcd`)
      Object.assign(etcd, state)
    },
    etcd: (node) => named(node).etcd,
    powerOff: (node) => life.powerOff(named(node)),
    powerOn: (node) => life.powerOn(named(node)),
    failNext: (node, message) => life.failNext(named(node), message),
    config: (node) => ({ yaml: named(node).config, version: named(node).configVersion }),
    changes: () => [...changes],
    planted: () => Object.values(PLANTED),
    delayNext: ({ ms, ...on }) => faults.set({ kind: 'delay', ms }, on),
    dropAnswer: (on) => faults.set({ kind: 'drop-answer' }, on),
    hang: (on) => faults.set({ kind: 'hang' }, on),
    cut: () => cable.cut(),
    reset() {
      forgetTries(nodes)
      nodes.splice(0, nodes.length, ...createNodes(options, version, now() - UPTIME))
      changes.splice(0, changes.length)
    },
    async stop() {
      life.stop()
      forgetTries(nodes)
      server.stop()
      await cable.stop()
    },
  }
}

function forgetTries(nodes: readonly SimulatedNode[]): void {
  for (const { tried } of nodes) if (tried) clearTimeout(tried.timer)
}

function createNodes(
  { controlPlanes = 3, workers = 2, namePrefix = '' }: TalosOptions,
  version: string,
  bootedAt: number,
) {
  const numbers = (n: number) => Array.from({ length: n }, (_, at) => at + 1)
  return [
    ...numbers(controlPlanes).map((n) =>
      createNode({
        name: `${namePrefix}cp-${n}`,
        address: `10.5.0.${10 + n}`,
        controlPlane: true,
        version,
        bootedAt,
        member: n,
      }),
    ),
    ...numbers(workers).map((n) =>
      createNode({
        name: `${namePrefix}worker-${n}`,
        address: `10.5.0.${20 + n}`,
        controlPlane: false,
        version,
        bootedAt,
        member: 0,
      }),
    ),
  ]
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}
