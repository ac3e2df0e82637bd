import { startProxmox } from '../../simulators/proxmox/cluster.ts'
import { proxmoxAlerts } from '../../support/alert-rules.ts'
import { proxmoxAccess } from '../../support/credentials.ts'
import type { Scenario } from './scenario.ts'

const GUEST = 131

/** A virtual machine on Proxmox VE that hangs. Its reset may cost data, so two people are asked for it. */
export const guest: Scenario = {
  breaking: 'Breaking nextcloud (qemu/131 on pve2): it runs, and answers nothing any more.',
  executions: 2,
  models: {
    look: { tool: 'proxmox.guest_agent_info', args: { guest: GUEST } },
    wrong: { cause: 'The storage is full', quote: 'no space left' },
    right: {
      cause: 'The guest hangs',
      shown: { text: 'The agent inside it does not answer', from: 'alert', quote: 'nextcloud' },
      next: 'its console, if it hangs again',
    },
    question: 'What was done to nextcloud?',
    answer: [{ text: 'It was reset, after a snapshot.', from: 'plan', quote: 'proxmox.snapshot' }],
  },
  async start(folder) {
    const proxmox = await startProxmox({ clusterName: 'homelab', taskMs: 800 })
    proxmox.addGuest({ id: GUEST, name: 'nextcloud', node: 'pve2', config: { agent: '1' } })
    return {
      env: {
        ...(await proxmoxAccess(proxmox, folder, 'homelab')),
        CLUSTER_NAME: 'homelab',
        PEOPLE: 'alice:1001:admin, bob:1002:operator',
      },
      alerts: () => proxmoxAlerts(proxmox, [GUEST], 'homelab'),
      breakSomething: () => proxmox.hangGuest(GUEST),
      changes: () => proxmox.changes().length,
      stop: () => proxmox.stop(),
    }
  },
}
