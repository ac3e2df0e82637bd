import { type SimulatedCluster, startKubernetes } from '../simulators/kubernetes/cluster.ts'
import { type ProxmoxOptions, type SimulatedProxmox, startProxmox } from '../simulators/proxmox/cluster.ts'
import { type SimulatedTalos, startTalos, type TalosOptions } from '../simulators/talos/cluster.ts'
import { kubernetesAccess, proxmoxAccess, talosAccess } from './credentials.ts'

/** What of the world is there beside Kubernetes, and how fast it is. */
export interface Beside {
  talos?: TalosOptions
  proxmox?: ProxmoxOptions
}

/** Simulated platforms with the environment in which our server finds each. */
export interface Platforms {
  kubernetes: SimulatedCluster
  talos: SimulatedTalos | undefined
  proxmox: SimulatedProxmox | undefined
  env: Readonly<Record<string, Record<string, string>>>
  stop(): Promise<void>
}

export async function startPlatforms(folder: string, beside: Beside): Promise<Platforms> {
  const [kubernetes, talos, proxmox] = await Promise.all([
    startKubernetes({ rolloutMs: 40, backOffMs: 60_000 }),
    beside.talos && startTalos(beside.talos),
    beside.proxmox && startProxmox(beside.proxmox),
  ])
  return {
    kubernetes,
    talos,
    proxmox,
    env: {
      kubernetes: await kubernetesAccess(kubernetes, folder),
      ...(talos && { talos: await talosAccess(talos, folder) }),
      ...(proxmox && { proxmox: await proxmoxAccess(proxmox, folder) }),
    },
    async stop() {
      await Promise.all([kubernetes.stop(), talos?.stop(), proxmox?.stop()])
    },
  }
}
