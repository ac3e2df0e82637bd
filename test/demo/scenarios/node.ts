import { startTalos } from '../../simulators/talos/cluster.ts'
import { talosAlerts } from '../../support/alert-rules.ts'
import { talosAccess } from '../../support/credentials.ts'
import type { Scenario } from './scenario.ts'

/** A Talos node whose kubelet hangs. */
export const node: Scenario = {
  breaking: 'Breaking worker-2: its kubelet no longer answers its health check.',
  executions: 1,
  async start(folder) {
    const talos = await startTalos({ clusterName: 'talos-main', serviceMs: 1_200 })
    return {
      env: { ...(await talosAccess(talos, folder)), CLUSTER_NAME: 'talos-main' },
      alerts: () => talosAlerts(talos, 'talos-main'),
      breakSomething: () => talos.breakService('worker-2', 'kubelet'),
      changes: () => talos.changes().length,
      stop: () => talos.stop(),
    }
  },
}
