import { X509Certificate } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { createWireFaults, type WireMatch } from '../kubernetes/wire-faults.ts'
import { openOracle } from '../oracle.ts'
import { createAuthority } from '../tls.ts'
import { createTokens, type Role } from './access.ts'
import { PLANTED, seed } from './seed.ts'
import { type AcceptedChange, createApiServer } from './server.ts'
import { addGuest, type Guest, type GuestSpec, type State, type Storage } from './state.ts'
import { createTasks, type Task, type TaskFault } from './tasks.ts'

export interface ProxmoxOptions {
  /** A file that gets one JSON line for every call. */
  oracle?: string
  /** 0, the default, takes any free port. */
  port?: number
  /** How long a task takes, ms; 60 by default. */
  taskMs?: number
  /** How long one second of a guest's timeout takes, ms; 1,000 by default. */
  secondMs?: number
  /** `homelab` by default. */
  clusterName?: string
  /** Changes what is there before it is served: journals, notes, snapshots. */
  prepare?: (state: State) => void
  now?: () => number
}

/** A Proxmox VE cluster that exists only here: a real API over HTTPS with simulated nodes, guests and tasks behind it. */
export interface SimulatedProxmox {
  url: string
  /** The certificate authority of the API, PEM. */
  certificate: string
  /** SHA-256 of the certificate the API shows, as `openssl x509 -fingerprint -sha256` prints it. */
  fingerprint: string
  token(role: Role): { id: string; secret: string }
  /** Gives a token privileges on a path in place of those it has there. */
  grant(role: Role, path: string, privileges: string[]): void
  /** Adds a guest that runs well, or as the spec says. Throws when its id is taken. */
  addGuest(spec: GuestSpec): void
  /** A copy of what the cluster knows of a guest. Throws when there is none. */
  guest(id: number): Guest
  /** Changes a guest at once, whatever its state: `{ running: false }`, `{ hung: true }`, `{ lock: 'backup' }`. */
  setGuest(id: number, changes: Partial<Pick<Guest, 'running' | 'paused' | 'hung' | 'lock' | 'ha' | 'node'>>): void
  /** The guest hangs: shutdown and reboot run into their timeout until it is reset or stopped. */
  hangGuest(id: number): void
  /** A node goes down or comes back; while it is down, the others answer 595 for it. */
  setNode(name: string, online: boolean): void
  setStorage(name: string, changes: Partial<Omit<Storage, 'storage'>>): void
  /** How the next task that fits ends. */
  nextTask(fault: TaskFault): void
  /** Every task, newest first, lost ones too. */
  tasks(): Task[]
  /** Every accepted change in order. */
  changes(): AcceptedChange[]
  /** Values that no tool, card or log may ever show. */
  planted(): readonly string[]
  /** Resolves as soon as the predicate holds, checked again and again. Rejects after `timeoutMs`, 10 s by default. */
  waitUntil(predicate: () => boolean | Promise<boolean>, options?: { timeoutMs?: number }): Promise<void>
  /** Holds the next matching request (`METHOD /path` below /api2/json) back for so long; it is then carried out. */
  delayNext(on: WireMatch & { ms: number }): void
  /** The next matching request is carried out, and its connection ends before the answer. */
  dropAnswer(on: WireMatch): void
  /** The next matching request is swallowed: nothing is done and nothing answered. */
  hang(on: WireMatch): void
  /** `METHOD /path` of every swallowed request that its client still waits for. */
  held(): string[]
  stop(): Promise<void>
}

export async function startProxmox(options: ProxmoxOptions = {}): Promise<SimulatedProxmox> {
  const { port = 0, taskMs = 60, secondMs = 1_000, clusterName = 'homelab', now = Date.now } = options
  const state: State = {
    name: clusterName,
    nodes: new Map(),
    guests: new Map(),
    storages: new Map(),
    volumes: [],
    firewall: [],
    now,
  }
  seed(state)
  options.prepare?.(state)
  const tasks = createTasks(now, taskMs)
  const tokens = createTokens()
  const authority = await createAuthority('simulated-pve')
  const identity = await authority.issueServer()
  const faults = createWireFaults()
  const accepted: AcceptedChange[] = []
  const oracle = openOracle(options.oracle, 'proxmox')
  const server = createApiServer({
    ...{ state, tasks, tokens, identity, oracle, faults, secondMs },
    accepted: (change) => accepted.push(change),
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  const guest = (id: number): Guest => {
    const found = state.guests.get(id)
    if (!found) throw new Error(`there is no guest ${id}`)
    return found
  }

  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    certificate: authority.certificate,
    fingerprint: new X509Certificate(identity.certificate).fingerprint256,
    token: (role) => ({ id: tokens[role].id, secret: tokens[role].secret }),
    grant: (role, path, privileges) => {
      tokens[role].acl[path] = privileges
    },
    addGuest: (spec) => {
      addGuest(state, spec)
    },
    guest: (id) => structuredClone(guest(id)),
    setGuest: (id, changes) => {
      Object.assign(guest(id), changes)
    },
    hangGuest: (id) => {
      guest(id).hung = true
    },
    setNode(name, online) {
      const node = state.nodes.get(name)
      if (!node) throw new Error(`there is no node ${name}`)
      node.online = online
    },
    setStorage(name, changes) {
      const storage = state.storages.get(name)
      if (!storage) throw new Error(`there is no storage ${name}`)
      Object.assign(storage, changes)
    },
    nextTask: tasks.next,
    tasks: () => structuredClone(tasks.all()),
    changes: () => structuredClone(accepted),
    planted: () => Object.values(PLANTED),
    async waitUntil(predicate, { timeoutMs = 10_000 } = {}) {
      const deadline = Date.now() + timeoutMs
      while (!(await predicate())) {
        if (Date.now() > deadline)
          throw new Error(`the simulated cluster did not get there within ${timeoutMs} ms: ${predicate}`)
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
    },
    delayNext: ({ ms, ...on }) => faults.set({ kind: 'delay', ms }, on),
    dropAnswer: (on) => faults.set({ kind: 'drop-answer' }, on),
    hang: (on) => faults.set({ kind: 'hang' }, on),
    held: () => faults.held(),
    async stop() {
      tasks.stop()
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      await closed
    },
  }
}
