import { startTalos } from '../../simulators/talos/cluster.ts'
import { talosAlerts } from '../../support/alert-rules.ts'
import { talosAccess } from '../../support/credentials.ts'
import type { Scenario } from './scenario.ts'

/** A Talos node whose kubelet hangs. */
export const node: Scenario = {
  breaking: 'Breaking worker-2: its kubelet no longer answers its health check.',
  executions: 1,
  models: {
    look: { tool: 'talos.services', args: { node: 'worker-2' } },
    wrong: { cause: 'The node has lost its network', quote: 'link is down' },
    right: {
      cause: 'The kubelet of worker-2 hangs',
      shown: { text: 'The kubelet does not answer its health check', from: 'alert', quote: 'kubelet' },
      next: 'its log, if it hangs again',
    },
    question: 'What was wrong with worker-2?',
    answer: [{ text: 'Its kubelet hung, and was started again.', from: 'plan', quote: 'talos.service_restart' }],
  },
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
