import type { SimulatedAlertmanager } from '../simulators/alertmanager/server.ts'
import type { SimulatedCluster } from '../simulators/kubernetes/cluster.ts'

/** Plays Prometheus: what the cluster's rules say fires is told to Alertmanager, and what they no longer say is resolved. */
export function watchRules(
  cluster: SimulatedCluster,
  alertmanager: SimulatedAlertmanager,
  clusterName: string,
): { stop(): void } {
  const told = new Map<string, Record<string, string>>()
  const timer = setInterval(() => {
    // An alert is its labels: its description counts restarts and changes by the second.
    const now = new Map(
      cluster.firing().map(({ summary, description, ...facts }) => {
        const labels = { ...facts, cluster: clusterName }
        return [JSON.stringify(labels), { labels, summary, description }]
      }),
    )
    for (const [key, { labels, summary, description }] of now) {
      if (told.has(key)) continue
      told.set(key, labels)
      alertmanager.fire(labels, { summary, description })
    }
    for (const [key, labels] of told) {
      if (now.has(key)) continue
      told.delete(key)
      alertmanager.resolve(labels)
    }
  }, 100)
  return { stop: () => clearInterval(timer) }
}
