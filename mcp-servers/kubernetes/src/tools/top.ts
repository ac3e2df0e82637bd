import { CallerError, count, page, ToolError } from '@watchkeeper/mcp-shared'
import { z } from 'zod'
import { LabelSelector, Namespace } from '../arguments.ts'
import type { Cluster } from '../cluster.ts'
import { wellKnown } from '../kinds.ts'
import type { Metrics, Node } from '../objects.ts'
import { memoryBytes, milliCores } from '../quantity.ts'
import { defineTool } from '../tool.ts'

const METRICS = { group: 'metrics.k8s.io', version: 'v1beta1' }
const READ = 2_000

export const top = defineTool({
  name: 'top',
  title: 'See what uses CPU and memory',
  effect: 'read',
  description: 'What nodes or pods use now, the hungriest first, from the metrics API; nodes also in percent.',
  input: z.strictObject({
    of: z.enum(['nodes', 'pods']),
    namespace: Namespace.optional(),
    label_selector: LabelSelector.optional(),
    sort: z.enum(['cpu', 'memory']).default('memory'),
    limit: z.int().min(1).max(200).default(20),
  }),
  output: z.object({
    summary: z.string(),
    items: z.array(
      z.object({
        namespace: z.string().nullable(),
        name: z.string(),
        cpu: z.number().describe('millicores'),
        memory: z.number().describe('bytes'),
        cpu_percent: z.number().nullable(),
        memory_percent: z.number().nullable(),
      }),
    ),
    truncated: z.boolean(),
    total: z.number(),
    next: z.null(),
  }),
  async run({ of, namespace, label_selector, sort, limit }, cluster, { signal }) {
    const nodes = of === 'nodes'
    const kind = { ...METRICS, kind: nodes ? 'NodeMetrics' : 'PodMetrics', plural: of, namespaced: !nodes }
    const query = { kind, namespace: nodes ? undefined : namespace, labels: label_selector, limit: READ }
    const [{ items, next }, room] = await Promise.all([
      cluster.objects<Metrics>(query, signal).catch(withoutMetrics),
      nodes ? allocatable(cluster, signal) : new Map<string, Amounts>(),
    ])
    const used = items.map((metrics) => {
      const { cpu, memory } = usageOf(metrics)
      const name = metrics.metadata?.name ?? ''
      const whole = room.get(name)
      return {
        namespace: metrics.metadata?.namespace ?? null,
        name,
        cpu,
        memory,
        cpu_percent: percent(cpu, whole?.cpu),
        memory_percent: percent(memory, whole?.memory),
      }
    })
    const sorted = used.toSorted((a, b) => b[sort] - a[sort] || a.name.localeCompare(b.name))
    const shown = page(sorted, limit)
    const first = sorted[0]
    return {
      summary: `${count(sorted.length, of.slice(0, -1))}${first ? `; most ${sort}: ${first.name}, ${told(first, sort)}` : ''}.`,
      ...shown,
      truncated: shown.truncated || next !== null,
      next: null,
    }
  },
})

type Amounts = { cpu: number; memory: number }

function told(amounts: Amounts, what: 'cpu' | 'memory'): string {
  return what === 'cpu' ? `${amounts.cpu} millicores` : `${Math.round(amounts.memory / 1024 ** 2)} MiB`
}

function usageOf({ usage, containers = [] }: Metrics): Amounts {
  const parts = usage ? [usage] : containers.map((container) => container.usage ?? {})
  return {
    cpu: parts.reduce((sum, part) => sum + (milliCores(part.cpu) ?? 0), 0),
    memory: parts.reduce((sum, part) => sum + (memoryBytes(part.memory) ?? 0), 0),
  }
}

async function allocatable(cluster: Cluster, signal: AbortSignal): Promise<Map<string, Amounts>> {
  const { items } = await cluster.objects<Node>({ kind: wellKnown('Node'), limit: READ }, signal)
  return new Map(
    items.map(({ metadata, status }) => {
      const { cpu, memory } = status?.allocatable ?? {}
      return [metadata?.name ?? '', { cpu: milliCores(cpu) ?? 0, memory: memoryBytes(memory) ?? 0 }]
    }),
  )
}

function percent(part: number, whole: number | undefined): number | null {
  return whole ? Math.round((part / whole) * 100) : null
}

function withoutMetrics(error: unknown): never {
  if (error instanceof ToolError && error.code === 'not_found')
    throw new CallerError(
      'not_found',
      'This cluster has no metrics API (metrics.k8s.io): install metrics-server.',
      error,
    )
  throw error
}
