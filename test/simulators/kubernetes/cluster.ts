import { randomBytes } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { stringify } from 'yaml'
import { openOracle } from '../oracle.ts'
import { createAuthority } from '../tls.ts'
import { createAccess, ROLES, type Role, type Rule, userOf } from './access.ts'
import { alertsOf, type FiringAlert } from './alerts.ts'
import { createEvents } from './events.ts'
import type { Fault } from './faults.ts'
import { createJobs } from './jobs.ts'
import { type Draft, isRecord } from './objects.ts'
import { PLANTED } from './planted.ts'
import { resourceOfKind } from './resources.ts'
import { NODES, nodeDraft, seedCluster, UPTIME } from './seed.ts'
import { type AcceptedChange, createApiServer } from './server.ts'
import { createStore } from './store.ts'
import { waitUntil } from './wait.ts'
import { createWireFaults, type WireMatch } from './wire-faults.ts'
import { addWorkload, type WorkloadSpec } from './workload-spec.ts'
import { createWorkloads, type WorkloadLogs } from './workloads.ts'

export interface ClusterOptions {
  /** A file that gets one JSON line for every call. */
  oracle?: string
  /** 0, the default, takes any free port. */
  port?: number
  /** How long new pods take to replace old ones, ms; 300 by default. */
  rolloutMs?: number
  /** How often a crashing container is started again, ms; 2,000 by default. */
  backOffMs?: number
  /** Its name in kubeconfigs and alerts; `homelab` by default. */
  clusterName?: string
  now?: () => number
}

/** A Kubernetes cluster that exists only here: a real API over HTTPS with simulated controllers behind it. */
export interface SimulatedCluster {
  url: string
  /** The certificate authority of the API, PEM. */
  certificate: string
  token(role: Role): string
  /** YAML with the authority and the role's credential in it: a bearer token, or a client certificate. */
  kubeconfig(role: Role, credential?: 'token' | 'certificate'): string
  /** Adds a workload that has been running well for days. Throws when it is there already. */
  addWorkload(spec: WorkloadSpec): void
  removeWorkload(key: string): void
  /** Adds a worker that takes only pods that prefer it; `closed` as after a cordon. */
  addNode(name: string, options?: { closed?: boolean }): void
  /** Puts in an object that no controller looks after, such as a CronJob or a ConfigMap. */
  addObject(draft: Draft): void
  /** Breaks `namespace/name` at once: its pods and their alerts follow without delay. */
  breakWorkload(key: string, fault: Fault, options?: { needs?: string | number }): void
  /** Takes the fault away; the pods there are become well. */
  heal(key: string): void
  /** What the containers of a workload log from now on; `previous` is the log of the one that ended. */
  /** A node stops reporting, as its kubelet does when it hangs, or reports again. */
  setNodeReady(name: string, ready: boolean): void
  setLogs(key: string, logs: WorkloadLogs): void
  /** The alerts that monitoring rules would raise now. */
  firing(): FiringAlert[]
  /** How many restarts of this workload were accepted. */
  restarts(key: string): number
  /** Every accepted change in order, dry runs excluded. */
  changes(): AcceptedChange[]
  /** Values that no tool, card or log may ever show. */
  planted(): readonly string[]
  /** Resolves as soon as the predicate holds, checked after every change. Rejects after `timeoutMs`, 10 s by default. */
  waitUntil(predicate: () => boolean | Promise<boolean>, options?: { timeoutMs?: number }): Promise<void>
  /** Gives a role more than its ClusterRole does, as a person might for custom resources. */
  allow(role: Role, rule: Rule): void
  /** Holds the next matching request back for so long; it is then carried out even if its client has gone. */
  delayNext(on: WireMatch & { ms: number }): void
  /** Carries the next matching request out and ends the connection without an answer. */
  dropAnswer(on: WireMatch): void
  /** Swallows the next matching request: nothing happens and nothing is answered. */
  hang(on: WireMatch): void
  /** Takes back what was set of these and no request has met. */
  clearWire(): void
  /** `METHOD /path` of every swallowed request that its client still waits for. */
  held(): string[]
  stop(): Promise<void>
}

export async function startKubernetes(options: ClusterOptions = {}): Promise<SimulatedCluster> {
  const { port = 0, rolloutMs = 300, backOffMs = 2_000, clusterName = 'homelab', now = Date.now } = options
  const authority = await createAuthority('simulated-kubernetes')
  const identity = await authority.issueServer(['kubernetes', 'kubernetes.default.svc'])
  const credentials = await issueCredentials(authority)
  const tokens = new Map(ROLES.map((role) => [credentials[role].token, role]))

  const store = createStore(now)
  const record = createEvents(store, now)
  const workloads = createWorkloads({ store, record, now, nodes: [...NODES], rolloutMs, backOffMs })
  const jobs = createJobs(store, now, rolloutMs)
  const access = createAccess()
  seedCluster(store, workloads, record, now())

  const faults = createWireFaults()
  const changes: AcceptedChange[] = []
  const oracle = openOracle(options.oracle, 'kubernetes')
  const { certificate } = authority
  const accepted = (change: AcceptedChange) => changes.push(change)
  const server = createApiServer({
    store,
    workloads,
    jobs,
    access,
    now,
    oracle,
    faults,
    tokens,
    authority: certificate,
    identity,
    accepted,
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`

  return {
    url,
    certificate,
    token: (role) => credentials[role].token,
    kubeconfig(role, credential = 'token') {
      const { token, certificate: own, key } = credentials[role]
      const user =
        credential === 'token' ? { token } : { 'client-certificate-data': base64(own), 'client-key-data': base64(key) }
      return kubeconfigYaml({
        clusterName,
        url,
        certificate,
        user: `${userOf(role).name}@${clusterName}`,
        credential: user,
      })
    },
    addWorkload(spec) {
      addWorkload(store, workloads, spec, now() - UPTIME / 4)
    },
    removeWorkload(key) {
      const workload = workloads.find(key)
      if (!workload) throw new Error(`the simulated cluster has no workload ${key}`)
      store.remove(resourceOfKind(workload.apiVersion, workload.kind), workload)
      workloads.removed(workload)
    },
    addNode(name, { closed = false } = {}) {
      const { spec, ...node } = nodeDraft({ name, ip: '10.5.0.30', controlPlane: false }, now() - UPTIME)
      const unschedulable = closed ? { unschedulable: true } : {}
      store.create(resourceOfKind('v1', 'Node'), { ...node, spec: { ...(spec as object), ...unschedulable } })
    },
    addObject(draft) {
      store.create(resourceOfKind(draft.apiVersion, draft.kind), draft)
    },
    breakWorkload: (key, fault, { needs } = {}) => workloads.breakWorkload(key, fault, needs),
    heal: (key) => workloads.heal(key),
    setNodeReady(name, ready) {
      const nodes = resourceOfKind('v1', 'Node')
      const node = store.get(nodes, undefined, name)
      if (!node) throw new Error(`the simulated cluster has no node ${name}`)
      const [status, reason] = ready ? ['True', 'KubeletReady'] : ['Unknown', 'NodeStatusUnknown']
      const known = isRecord(node.status) ? node.status : {}
      const told = Array.isArray(known.conditions) ? known.conditions : []
      const conditions = told.map((one) => (one.type === 'Ready' ? { ...one, status, reason } : one))
      store.replace(nodes, { ...node, status: { ...known, conditions } })
    },
    setLogs: (key, logs) => workloads.setLogs(key, logs),
    firing: () => workloads.broken().flatMap(({ workload, pods }) => alertsOf(workload, pods, clusterName)),
    restarts: (key) => workloads.restarts(key),
    changes: () => [...changes],
    planted: () => PLANTED,
    waitUntil: (predicate, { timeoutMs = 10_000 } = {}) => waitUntil(store, predicate, timeoutMs),
    allow: (role, rule) => access.allow(role, rule),
    delayNext: ({ ms, ...on }) => faults.set({ kind: 'delay', ms }, on),
    dropAnswer: (on) => faults.set({ kind: 'drop-answer' }, on),
    hang: (on) => faults.set({ kind: 'hang' }, on),
    clearWire: () => faults.clear(),
    held: () => faults.held(),
    async stop() {
      workloads.stop()
      jobs.stop()
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      await closed
    },
  }
}

interface Credential {
  token: string
  certificate: string
  key: string
}

async function issueCredentials(
  authority: Awaited<ReturnType<typeof createAuthority>>,
): Promise<Record<Role, Credential>> {
  const issue = async (role: Role): Promise<Credential> => {
    const pair = await authority.issueClient({ commonName: userOf(role).name })
    return { ...pair, token: `${role}-${randomBytes(16).toString('hex')}` }
  }
  const [reader, operator, admin] = await Promise.all([issue('reader'), issue('operator'), issue('admin')])
  return { reader, operator, admin }
}

function kubeconfigYaml(parts: {
  clusterName: string
  url: string
  certificate: string
  user: string
  credential: Record<string, string>
}): string {
  const { clusterName, url, certificate, user, credential } = parts
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: clusterName, cluster: { server: url, 'certificate-authority-data': base64(certificate) } }],
    users: [{ name: user, user: credential }],
    contexts: [{ name: clusterName, context: { cluster: clusterName, user } }],
    'current-context': clusterName,
  })
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}
