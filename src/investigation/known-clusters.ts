import { z } from 'zod'
import type { Toolbox } from '../tools/toolbox.ts'
import type { KnownCluster } from './on-cluster.ts'

const Listed = z.object({ items: z.array(z.object({ name: z.string() })) })
const PATIENCE_MS = 15_000

/** Every cluster that a server says it has, whether it answers or not; servers without a list of clusters are left out. */
export async function knownClusters(toolbox: Toolbox): Promise<KnownCluster[]> {
  const tools = await toolbox.tools().catch(() => [])
  const lists = tools.map(({ name }) => name).filter((name) => name.endsWith('.clusters_list'))
  const found = await Promise.all(
    lists.map(async (tool) => [tool.slice(0, tool.indexOf('.')), await clustersOf(toolbox, tool)] as const),
  )
  const names = [...new Set(found.flatMap(([, clusters]) => clusters))].sort()
  return names.map((name) => ({
    name,
    servers: found.flatMap(([server, clusters]) => (clusters.includes(name) ? [server] : [])),
  }))
}

async function clustersOf(toolbox: Toolbox, tool: string): Promise<string[]> {
  const answer = await toolbox.call(tool, {}, { deadlineMs: PATIENCE_MS })
  const listed = answer.ok ? Listed.safeParse(answer.result) : undefined
  return listed?.success ? listed.data.items.map(({ name }) => name) : []
}
