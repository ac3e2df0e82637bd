import { startKubernetes } from '../../simulators/kubernetes/cluster.ts'
import { kubernetesAlerts } from '../../support/alert-rules.ts'
import { kubernetesAccess } from '../../support/credentials.ts'
import type { Scenario } from './scenario.ts'

/** An app in Kubernetes that needs more memory than its limit allows. */
export const workload: Scenario = {
  breaking: 'Breaking media/radarr: it now needs more memory than its limit allows.',
  executions: 1,
  models: {
    look: { tool: 'kubernetes.rollout_status', args: { namespace: 'media', workload: 'deployment/radarr' } },
    wrong: { cause: 'The volume is full', quote: 'no space left on device' },
    right: {
      cause: 'It needs more memory than its limit allows',
      shown: { text: 'Its container was killed for its memory', from: 'alert', quote: 'OOMKilled' },
      next: 'whether 5.22 leaks, if it grows again',
    },
    question: 'Why did radarr keep restarting?',
    answer: [
      { text: 'It was killed for its memory.', from: 'check:pod-oom-killed/oom', quote: 'last killed for memory' },
      { text: 'Its limit is 1536Mi now, and was 1Gi.', from: 'plan', quote: 'limits.memory: 1Gi -> 1536Mi' },
    ],
  },
  async start(folder) {
    const cluster = await startKubernetes({ clusterName: 'talos-main', rolloutMs: 1_500 })
    cluster.addWorkload({
      namespace: 'media',
      name: 'radarr',
      memoryLimit: '1Gi',
      image: 'ghcr.io/onedr0p/radarr:5.22',
    })
    return {
      env: { ...(await kubernetesAccess(cluster, folder)), CLUSTER_NAME: 'talos-main' },
      alerts: () => kubernetesAlerts(cluster, 'talos-main'),
      breakSomething: () => cluster.breakWorkload('media/radarr', 'oom', { needs: '1400Mi' }),
      changes: () => cluster.changes().length,
      stop: () => cluster.stop(),
    }
  },
}
