import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { SimulatedCluster } from '../simulators/kubernetes/cluster.ts'
import type { SimulatedProxmox } from '../simulators/proxmox/cluster.ts'
import type { SimulatedTalos } from '../simulators/talos/cluster.ts'

/** Writes the credentials of a simulated cluster into the folder; answers the environment in which our server finds it. */
export async function kubernetesAccess(cluster: SimulatedCluster, folder: string) {
  return {
    KUBECONFIG: await keep(folder, 'kubeconfig-reader', cluster.kubeconfig('reader')),
    KUBECONFIG_OPERATOR: await keep(folder, 'kubeconfig-operator', cluster.kubeconfig('operator')),
  }
}

/** The same for Talos, with a folder for snapshots of etcd. */
export async function talosAccess(talos: SimulatedTalos, folder: string) {
  const snapshots = join(folder, 'etcd-snapshots')
  await mkdir(snapshots, { mode: 0o700 })
  return {
    TALOSCONFIG: await keep(folder, 'talosconfig-reader', talos.talosconfig('reader')),
    TALOSCONFIG_OPERATOR: await keep(folder, 'talosconfig-operator', talos.talosconfig('operator')),
    TALOS_SNAPSHOT_DIR: snapshots,
  }
}

/** The same for Proxmox VE, whose certificate is pinned. */
export async function proxmoxAccess(proxmox: SimulatedProxmox, folder: string, name = 'homelab') {
  const token = (role: 'reader' | 'operator') => {
    const { id, secret } = proxmox.token(role)
    return { token_id: id, token_secret: secret }
  }
  const { url, fingerprint } = proxmox
  const cluster = { url, fingerprint, reader: token('reader'), operator: token('operator') }
  return { PROXMOX_CONFIG: await keep(folder, 'proxmox.json', JSON.stringify({ clusters: { [name]: cluster } })) }
}

async function keep(folder: string, name: string, text: string): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, text, { mode: 0o600 })
  return path
}
