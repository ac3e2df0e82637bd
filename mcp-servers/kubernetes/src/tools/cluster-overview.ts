import { brief, count, page } from '@watchkeeper/mcp-shared'
import { z } from 'zod'
import type { Cluster } from '../cluster.ts'
import { readEvents } from '../event-view.ts'
import { wellKnown } from '../kinds.ts'
import type { Node, Pod } from '../objects.ts'
import { isReady, PodView, podView } from '../pods.ts'
import { defineTool } from '../tool.ts'

const NodeView = z.object({
  name: z.string(),
  ready: z.boolean(),
  roles: z.array(z.string()),
  version: z.string(),
  schedulable: z.boolean(),
  problems: z.array(z.string()),
})

const MAX_PODS = 5_000
const SHOWN = 50

export const clusterOverview = defineTool({
  name: 'cluster_overview',
  title: 'Look at a whole cluster',
  effect: 'read',
  description:
    'Nodes with their conditions, pods that are not ready, warning events counted by reason, and versions. Start here.',
  untrusted: true,
  input: z.strictObject({}),
  output: z.object({
    summary: z.string(),
    versions: brief(z.object({ api_server: z.string(), kubelets: z.array(z.string()) })),
    nodes: z.array(NodeView),
    nodes_ready: z.number(),
    pods: z.number(),
    pods_not_ready: z.array(brief(PodView.extend({ namespace: z.string() }))),
    warnings: z.array(brief(z.object({ reason: z.string(), count: z.number(), objects: z.number() }))),
    truncated: z.boolean(),
    total: z.number().describe('pods that are not ready'),
  }),
  async run(_input, cluster, { signal }) {
    const [version, nodes, pods, warnings] = await Promise.all([
      cluster.version(signal),
      cluster.objects<Node>({ kind: wellKnown('Node'), limit: 500 }, signal),
      unreadyPods(cluster, signal),
      readEvents(cluster, { type: 'Warning' }, signal),
    ])
    const views = nodes.items.map(nodeView).toSorted((a, b) => a.name.localeCompare(b.name))
    const ready = views.filter((node) => node.ready).length
    const unready = page(pods.unready, SHOWN)
    const reasons = byReason(warnings.events)
    return {
      summary: `${ready} of ${count(views.length, 'node')} ready, ${pods.unready.length} of ${count(pods.seen, 'pod')} not ready, ${count(reasons.length, 'kind')} of warnings.`,
      versions: { api_server: version, kubelets: [...new Set(views.map((node) => node.version))].sort() },
      nodes: views.slice(0, 200),
      nodes_ready: ready,
      pods: pods.seen,
      pods_not_ready: unready.items,
      warnings: reasons.slice(0, 20),
      truncated: unready.truncated || pods.truncated || warnings.truncated || views.length > 200 || reasons.length > 20,
      total: unready.total,
    }
  },
})

/** Page by page, keeping only what is wrong: a cluster's pods need not fit in memory at once. */
async function unreadyPods(cluster: Cluster, signal: AbortSignal) {
  const unready: (PodView & { namespace: string })[] = []
  let seen = 0
  let next: string | null = null
  do {
    const found: Awaited<ReturnType<typeof cluster.objects<Pod>>> = await cluster.objects<Pod>(
      { kind: wellKnown('Pod'), limit: 500, ...(next ? { continue: next } : {}) },
      signal,
    )
    seen += found.items.length
    const bad = found.items.filter((pod) => !isReady(pod) && pod.status?.phase !== 'Succeeded')
    unready.push(...bad.map((pod) => ({ namespace: pod.metadata?.namespace ?? '', ...podView(pod) })))
    next = found.next
  } while (next && seen < MAX_PODS)
  unready.sort((a, b) => a.namespace.localeCompare(b.namespace) || a.name.localeCompare(b.name))
  return { unready, seen, truncated: next !== null }
}

function nodeView({ metadata, spec, status }: Node) {
  const conditions = status?.conditions ?? []
  const labels = Object.keys(metadata?.labels ?? {})
  return {
    name: metadata?.name ?? '',
    ready: conditions.some(({ type, status: is }) => type === 'Ready' && is === 'True'),
    roles: labels.filter((key) => key.startsWith('node-role.kubernetes.io/')).map((key) => key.slice(24)),
    version: status?.nodeInfo?.kubeletVersion ?? '',
    schedulable: spec?.unschedulable !== true,
    problems: conditions.flatMap(({ type = '', status: is }) => (type !== 'Ready' && is === 'True' ? type : [])),
  }
}

function byReason(events: readonly { reason: string; count: number; object: string }[]) {
  const groups = Object.entries(Object.groupBy(events, ({ reason }) => reason))
  return groups
    .map(([reason, found = []]) => ({
      reason,
      count: found.reduce((sum, event) => sum + event.count, 0),
      objects: new Set(found.map(({ object }) => object)).size,
    }))
    .toSorted((a, b) => b.count - a.count || a.reason.localeCompare(b.reason))
}
