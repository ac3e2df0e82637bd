import type { FiringAlert } from './alerts.ts'
import type { Fault } from './faults.ts'
import type { Draft } from './objects.ts'
import type { AcceptedChange } from './server.ts'
import type { WireMatch } from './wire-faults.ts'
import type { WorkloadSpec } from './workload-spec.ts'
import type { WorkloadLogs } from './workloads.ts'

/** The programmatic controls of a simulated cluster that runs as a process of its own, over its control address. */
export interface ClusterControl {
  addWorkload(spec: WorkloadSpec): Promise<void>
  removeWorkload(key: string): Promise<void>
  addNode(name: string, options?: { closed?: boolean }): Promise<void>
  addObject(draft: Draft): Promise<void>
  breakWorkload(key: string, fault: Fault, options?: { needs?: string | number }): Promise<void>
  heal(key: string): Promise<void>
  setLogs(key: string, logs: WorkloadLogs): Promise<void>
  delayNext(on: WireMatch & { ms: number }): Promise<void>
  dropAnswer(on: WireMatch): Promise<void>
  hang(on: WireMatch): Promise<void>
  firing(): Promise<FiringAlert[]>
  changes(): Promise<AcceptedChange[]>
  restarts(key: string): Promise<number>
  planted(): Promise<string[]>
  /** Asks until the predicate holds. Rejects after `timeoutMs`, 10 s by default. */
  waitUntil(predicate: () => Promise<boolean>, options?: { timeoutMs?: number }): Promise<void>
}

/** The controls behind `url`, the `control` address of the ready line. Each throws the sentence the cluster answered. */
export function controlOf(url: string): ClusterControl {
  async function call(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<unknown> {
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
    addWorkload: (spec) => post('/workloads', spec),
    removeWorkload: async (workload) => {
      await call('DELETE', '/workloads', { workload })
    },
    addNode: (name, options = {}) => post('/nodes', { name, ...options }),
    addObject: (draft) => post('/objects', draft),
    breakWorkload: (workload, fault, options = {}) => post('/break', { workload, fault, ...options }),
    heal: (workload) => post('/heal', { workload }),
    setLogs: (workload, logs) => post('/logs', { workload, ...logs }),
    delayNext: (on) => post('/delay', wire(on)),
    dropAnswer: (on) => post('/drop-answer', wire(on)),
    hang: (on) => post('/hang', wire(on)),
    firing: async () => (await call('GET', '/firing')) as FiringAlert[],
    changes: async () => (await call('GET', '/changes')) as AcceptedChange[],
    restarts: async (workload) => {
      const path = `/restarts?workload=${encodeURIComponent(workload)}`
      return ((await call('GET', path)) as { restarts: number }).restarts
    },
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
