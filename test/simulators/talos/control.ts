import type { WireMatch } from '../kubernetes/wire-faults.ts'
import type { EtcdState, SimulatedTalos } from './cluster.ts'
import type { EtcdMember } from './node.ts'
import type { AcceptedChange } from './server.ts'

/** The programmatic controls of a simulated cluster that runs as a process of its own, over its control address. */
export interface TalosControl {
  breakService(node: string, service: string, options?: { message?: string; stubborn?: boolean }): Promise<void>
  healService(node: string, service: string): Promise<void>
  setLog(node: string, service: string, lines: string[]): Promise<void>
  setEtcd(node: string, state: EtcdState): Promise<void>
  powerOff(node: string): Promise<void>
  powerOn(node: string): Promise<void>
  failNext(node: string, message: string): Promise<void>
  delayNext(on: WireMatch & { ms: number }): Promise<void>
  dropAnswer(on: WireMatch): Promise<void>
  hang(on: WireMatch): Promise<void>
  cut(): Promise<void>
  nodes(): Promise<ReturnType<SimulatedTalos['nodes']>>
  serviceState(node: string, service: string): Promise<ReturnType<SimulatedTalos['serviceState']>>
  etcd(node: string): Promise<EtcdMember | null>
  changes(): Promise<AcceptedChange[]>
  planted(): Promise<string[]>
}

/** The controls behind `url`, the `control` address of the ready line. Each throws the sentence the cluster answered. */
export function controlOf(url: string): TalosControl {
  async function call(method: 'GET' | 'POST', path: string, body?: unknown): Promise<unknown> {
    const sent =
      body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
    const response = await fetch(new URL(path, url), { method, ...sent })
    const answer = (await response.json()) as { error?: string } | null
    if (!response.ok) throw new Error(answer?.error ?? `the simulated cluster answered ${response.status} to ${path}`)
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
    breakService: (node, service, options = {}) => post('/break', { node, service, ...options }),
    healService: (node, service) => post('/heal', { node, service }),
    setLog: (node, service, lines) => post('/log', { node, service, lines }),
    setEtcd: (node, state) => post('/etcd', { node, ...state }),
    powerOff: (node) => post('/power-off', { node }),
    powerOn: (node) => post('/power-on', { node }),
    failNext: (node, message) => post('/fail-next', { node, message }),
    delayNext: (on) => post('/delay', wire(on)),
    dropAnswer: (on) => post('/drop-answer', wire(on)),
    hang: (on) => post('/hang', wire(on)),
    cut: () => post('/cut', {}),
    nodes: async () => (await call('GET', '/nodes')) as ReturnType<SimulatedTalos['nodes']>,
    async serviceState(node, service) {
      const path = `/service?${new URLSearchParams({ node, service })}`
      return (await call('GET', path)) as ReturnType<SimulatedTalos['serviceState']>
    },
    etcd: async (node) => (await call('GET', `/etcd?${new URLSearchParams({ node })}`)) as EtcdMember | null,
    changes: async () => (await call('GET', '/changes')) as AcceptedChange[],
    planted: async () => (await call('GET', '/planted')) as string[],
  }
}
