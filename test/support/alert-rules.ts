import type { SimulatedAlertmanager } from '../simulators/alertmanager/server.ts'
import type { SimulatedCluster } from '../simulators/kubernetes/cluster.ts'
import type { SimulatedProxmox } from '../simulators/proxmox/cluster.ts'
import type { SimulatedTalos } from '../simulators/talos/cluster.ts'

/** What Prometheus says of a platform that fires now. An alert is its labels. */
export interface RuleAlert {
  labels: Record<string, string>
  annotations: Record<string, string>
}

/** Plays Prometheus: what the rules say fires is told to Alertmanager, and what they no longer say is resolved. */
export function followRules(
  rules: () => readonly RuleAlert[],
  alertmanager: SimulatedAlertmanager,
  everyMs = 10,
): { stop(): void } {
  const told = new Map<string, Record<string, string>>()
  const timer = setInterval(() => {
    const now = new Map(rules().map((alert) => [JSON.stringify(alert.labels), alert]))
    for (const [key, { labels, annotations }] of now) {
      if (told.has(key)) continue
      told.set(key, labels)
      alertmanager.fire(labels, annotations)
    }
    for (const [key, labels] of told) {
      if (now.has(key)) continue
      told.delete(key)
      alertmanager.resolve(labels)
    }
  }, everyMs)
  return { stop: () => clearInterval(timer) }
}

export function kubernetesAlerts(cluster: SimulatedCluster, name: string): RuleAlert[] {
  return cluster.firing().map(({ summary, description, ...facts }) => ({
    labels: { ...facts, cluster: name },
    annotations: { summary, description },
  }))
}

/** Services that are not healthy, as a script beside `talosctl service` would export them. */
export function talosAlerts(talos: SimulatedTalos, name: string): RuleAlert[] {
  return talos.nodes().flatMap(({ name: node, address, stage }) => {
    const { state, healthy } = talos.serviceState(node, 'kubelet')
    if (stage !== 'running' || (state === 'Running' && healthy !== false)) return []
    const summary = `The kubelet on ${node} is not healthy.`
    return [
      {
        labels: {
          ...{ alertname: 'TalosServiceUnhealthy', severity: 'warning', cluster: name, job: 'talos' },
          ...{ node, service: 'kubelet', instance: `${address}:9100` },
        },
        annotations: { summary, description: `${summary} Its health check has failed for 5 minutes.` },
      },
    ]
  })
}

/** Guests that hang or are off, with the labels of prometheus-pve-exporter. */
export function proxmoxAlerts(proxmox: SimulatedProxmox, guests: readonly number[], name: string): RuleAlert[] {
  return guests.flatMap((id) => {
    const { kind, node, running, hung, config } = proxmox.guest(id)
    if (running && !hung) return []
    const guest = String(config.name ?? config.hostname)
    const what = running ? 'runs but answers nothing' : 'is off'
    return [
      {
        labels: {
          ...{ alertname: running ? 'PveGuestHung' : 'PveGuestDown', severity: 'critical', cluster: name, job: 'pve' },
          ...{ id: `${kind}/${id}`, name: guest, node, type: kind, instance: '192.0.2.10' },
        },
        annotations: { summary: `${guest} ${what}.`, description: `${guest} (${kind}/${id} on ${node}) ${what}.` },
      },
    ]
  })
}
