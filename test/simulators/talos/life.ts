import { randomUUID } from 'node:crypto'
import { GrpcError } from './grpc-error.ts'
import { emit, moveService, type SimulatedNode, serviceOf } from './node.ts'

export interface LifeOptions {
  /** How long a node is away when it reboots (ms). */
  rebootMs: number
  /** How long a service takes to come up or down (ms). */
  serviceMs: number
  now: () => number
}

export interface Life {
  /** Begins a sequence and answers its actor id. `boot` is what changes while the node is away. */
  reboot(node: SimulatedNode, sequence: string, boot?: () => void): string
  shutdown(node: SimulatedNode): string
  startService(node: SimulatedNode, id: string): void
  stopService(node: SimulatedNode, id: string): void
  restartService(node: SimulatedNode, id: string): void
  powerOff(node: SimulatedNode): void
  powerOn(node: SimulatedNode): void
  /** The next sequence on this node ends with this error instead. */
  failNext(node: SimulatedNode, message: string): void
  stop(): void
}

/** How nodes and services come and go in time. */
export function createLife({ rebootMs, serviceMs, now }: LifeOptions): Life {
  const timers = new Set<NodeJS.Timeout>()
  const failures = new Map<SimulatedNode, string>()

  function later(ms: number, act: () => void): void {
    const timer = setTimeout(() => {
      timers.delete(timer)
      act()
    }, ms)
    timers.add(timer)
  }

  function powerOff(node: SimulatedNode): void {
    node.stage = 'off'
    node.bus.emit('down')
  }

  function powerOn(node: SimulatedNode): void {
    node.stage = 'running'
    node.boots += 1
    // Two boots never share their time, however fast the simulation is.
    node.bootedAt = Math.max(now(), node.bootedAt + 1_000)
    node.events = []
    for (const service of node.services) {
      service.events = []
      moveService(node, service, 'Preparing', 'Running pre state', node.bootedAt)
      moveService(node, service, 'Running', `Started task ${service.id}`, node.bootedAt)
      if (service.healthy === false && !service.stubborn) heal(service)
    }
    emit(node, '', 'MachineStatusEvent', { stage: 4 })
  }

  /** Starts a sequence; false when it failed at once, as it was told to. */
  function begin(node: SimulatedNode, actor: string, sequence: string): boolean {
    if (node.stage !== 'running') throw new GrpcError('FAILED_PRECONDITION', 'another sequence is running: locked')
    emit(node, actor, 'SequenceEvent', { sequence, action: 1 })
    const failure = failures.get(node)
    failures.delete(node)
    emit(node, actor, 'PhaseEvent', { phase: 'cleanup', action: 0 })
    emit(node, actor, 'TaskEvent', { task: 'stopAllPods', action: 0 })
    if (failure === undefined) return true
    emit(node, actor, 'SequenceEvent', { sequence, action: 0, error: { code: 0, message: failure } })
    return false
  }

  function named(node: SimulatedNode, id: string) {
    const service = serviceOf(node, id)
    if (!service) throw new GrpcError('NOT_FOUND', `service "${id}" is not registered`)
    return service
  }

  function startService(node: SimulatedNode, id: string): void {
    const service = named(node, id)
    if (service.state === 'Running') return
    moveService(node, service, 'Preparing', 'Running pre state', now())
    later(serviceMs, () => {
      moveService(node, service, 'Running', `Started task ${id}`, now())
      if (!service.stubborn && service.healthy === false) heal(service)
    })
  }

  return {
    reboot(node, sequence, boot = () => {}) {
      const actor = randomUUID()
      if (!begin(node, actor, sequence)) return actor
      node.stage = sequence === 'upgrade' ? 'upgrading' : 'shutting down'
      later(rebootMs / 4, () => {
        emit(node, actor, 'TaskEvent', { task: 'stopAllPods', action: 1 })
        powerOff(node)
        later((rebootMs * 3) / 4, () => {
          boot()
          powerOn(node)
        })
      })
      return actor
    },
    shutdown(node) {
      const actor = randomUUID()
      if (!begin(node, actor, 'shutdown')) return actor
      node.stage = 'shutting down'
      later(rebootMs / 4, () => powerOff(node))
      return actor
    },
    startService,
    stopService(node, id) {
      const service = named(node, id)
      if (['apid', 'machined', 'containerd'].includes(id))
        throw new GrpcError('FAILED_PRECONDITION', `service "${id}" doesn't support stop operation via API`)
      moveService(node, service, 'Stopping', 'Sending SIGTERM', now())
      later(serviceMs, () => moveService(node, service, 'Finished', 'Service finished successfully', now()))
    },
    restartService(node, id) {
      const service = named(node, id)
      if (['apid', 'machined', 'containerd', 'etcd'].includes(id))
        throw new GrpcError('FAILED_PRECONDITION', `service "${id}" doesn't support restart operation via API`)
      moveService(node, service, 'Stopping', 'Sending SIGTERM', now())
      later(serviceMs / 2, () => {
        moveService(node, service, 'Finished', 'Service finished successfully', now())
        startService(node, id)
      })
    },
    powerOff,
    powerOn,
    failNext: (node, message) => failures.set(node, message),
    stop() {
      for (const timer of timers) clearTimeout(timer)
    },
  }
}

function heal(service: { healthy: boolean | null; message: string }): void {
  service.healthy = true
  service.message = ''
}
