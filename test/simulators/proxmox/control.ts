import type { WireMatch } from '../kubernetes/wire-faults.ts'
import type { Role } from './access.ts'
import type { SimulatedProxmox } from './cluster.ts'
import type { AcceptedChange } from './server.ts'
import type { Guest, GuestSpec } from './state.ts'
import type { Task, TaskFault } from './tasks.ts'

/** The programmatic controls of a simulated cluster that runs as a process of its own, over its control address. */
export interface ProxmoxControl {
  addGuest(spec: GuestSpec): Promise<void>
  guest(id: number): Promise<Guest>
  setGuest(id: number, changes: Parameters<SimulatedProxmox['setGuest']>[1]): Promise<void>
  hangGuest(id: number): Promise<void>
  setNode(name: string, online: boolean): Promise<void>
  setStorage(name: string, changes: { used?: number; total?: number }): Promise<void>
  nextTask(fault: TaskFault): Promise<void>
  grant(role: Role, path: string, privileges: string[]): Promise<void>
  delayNext(on: WireMatch & { ms: number }): Promise<void>
  dropAnswer(on: WireMatch): Promise<void>
  hang(on: WireMatch): Promise<void>
  tasks(): Promise<Task[]>
  changes(): Promise<AcceptedChange[]>
  planted(): Promise<string[]>
  /** Asks until the predicate holds. Rejects after `timeoutMs`, 10 s by default. */
  waitUntil(predicate: () => Promise<boolean>, options?: { timeoutMs?: number }): Promise<void>
}

/** The controls behind `url`, the `control` address of the ready line. Each throws the sentence the cluster answered. */
export function controlOf(url: string): ProxmoxControl {
  async function call(method: 'GET' | 'POST' | 'PATCH', path: string, body?: unknown): Promise<unknown> {
    const sent =
      body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
    const response = await fetch(new URL(path, url), { method, ...sent })
    const answer = (await response.json()) as { error?: string }
    if (!response.ok) throw new Error(answer.error ?? `the simulated cluster answered ${response.status} to ${path}`)
    return answer
  }
  const post = async (path: string, body: unknown): Promise<void> => {
    await call('POST', path, body)
  }
  const wire = ({ match, ...rest }: WireMatch & { ms?: number }) => ({
    ...rest,
    match: match.source,
    flags: match.flags,
  })

  return {
    addGuest: (spec) => post('/guests', spec),
    guest: async (id) => (await call('GET', `/guests?id=${id}`)) as Guest,
    setGuest: async (id, changes) => {
      await call('PATCH', '/guests', { id, ...changes })
    },
    hangGuest: (id) => post('/hang-guest', { id }),
    setNode: (name, online) => post('/nodes', { name, online }),
    setStorage: (name, changes) => post('/storages', { name, ...changes }),
    nextTask: ({ match, ...fault }) => post('/next-task', { ...fault, match: match.source }),
    grant: (role, path, privileges) => post('/grant', { role, path, privileges }),
    delayNext: (on) => post('/delay', wire(on)),
    dropAnswer: (on) => post('/drop-answer', wire(on)),
    hang: (on) => post('/hang', wire(on)),
    tasks: async () => (await call('GET', '/tasks')) as Task[],
    changes: async () => (await call('GET', '/changes')) as AcceptedChange[],
    planted: async () => (await call('GET', '/planted')) as string[],
    async waitUntil(predicate, { timeoutMs = 10_000 } = {}) {
      const deadline = Date.now() + timeoutMs
      while (!(await predicate())) {
        if (Date.now() > deadline) throw new Error(`the simulated cluster did not get there within ${timeoutMs} ms`)
        await new Promise((resolve) => setTimeout(resolve, 25))
      }
    },
  }
}
