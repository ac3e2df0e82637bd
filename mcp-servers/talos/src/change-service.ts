import { CallerError } from '@watchkeeper/mcp-shared'
import type { Service, TalosCluster } from './cluster.ts'
import { until } from './until.ts'

/** How long a service may take to come up or down before the answer says that it has not (ms). */
const PATIENCE = 45_000

/** Services without which nobody could reach the node any more, or which hold all others. */
const BASE = new Set(['apid', 'machined', 'containerd', 'trustd', 'udevd'])

/** The service of this name. Throws `not_found`. */
export async function serviceNamed(
  cluster: TalosCluster,
  node: { name: string; address: string },
  id: string,
  signal: AbortSignal,
): Promise<Service> {
  const all = await cluster.services(node.address, signal)
  const found = all.find((service) => service.id === id)
  if (found) return found
  throw new CallerError(
    'not_found',
    `${node.name} has no service "${id}"; it has ${all.map((one) => one.id).join(', ')}.`,
  )
}

/** Throws `refused` for the services that carry the node itself. */
export function assertNotBase(service: string): void {
  if (BASE.has(service))
    throw new CallerError(
      'refused',
      `Nothing was changed: ${service} carries the node itself, and Talos looks after it. Reboot the node if it has to go.`,
    )
}

/** Waits until a service is as wanted; after a while, what it is then. */
export async function waitForService(
  cluster: TalosCluster,
  node: { name: string; address: string },
  id: string,
  { wanted, signal }: { wanted: (service: Service) => boolean; signal: AbortSignal },
): Promise<{ service: Service; reached: boolean }> {
  const found = await until(
    async () => {
      const service = await serviceNamed(cluster, node, id, signal)
      return wanted(service) ? service : undefined
    },
    { signal, forMs: PATIENCE },
  )
  return found
    ? { service: found, reached: true }
    : { service: await serviceNamed(cluster, node, id, signal), reached: false }
}

export function isUp({ state, health }: Service): boolean {
  return state === 'Running' && health !== 'unhealthy'
}

/** In Talos's words a service that was stopped is finished. */
export function isDown({ state }: Service): boolean {
  return ['Finished', 'Failed', 'Skipped', 'Initialized'].includes(state)
}
