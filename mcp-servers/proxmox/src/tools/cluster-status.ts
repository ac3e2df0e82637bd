import { oneLine, ToolError } from '@watchkeeper/mcp-shared'
import { z } from 'zod'
import type { ProxmoxCluster } from '../cluster.ts'
import { child, flag, type Row, text, toRow } from '../rows.ts'
import { defineTool } from '../tool.ts'

const SHOWN = 200

export const clusterStatus = defineTool({
  name: 'cluster_status',
  title: 'Look at a whole cluster',
  effect: 'read',
  description: 'Quorum, nodes that are up, guests under high availability, the health of Ceph. Start here.',
  untrusted: true,
  input: z.strictObject({}),
  output: z.object({
    summary: z.string(),
    quorate: z.boolean(),
    nodes: z.array(z.object({ name: z.string(), online: z.boolean(), ip: z.string().optional() })),
    ha: z.array(z.object({ id: z.string(), status: z.string(), node: z.string() })),
    ceph: z.object({ health: z.string(), checks: z.array(z.string()) }).optional(),
    truncated: z.boolean(),
    total: z.number(),
  }),
  async run(_input, cluster, { signal }) {
    const [rows, ha, ceph] = await Promise.all([
      cluster.status(signal),
      cluster.haStatus(signal),
      cephHealth(cluster, signal),
    ])
    const nodes = rows.filter((row) => text(row, 'type') === 'node').map(nodeView)
    const own = rows.find((row) => text(row, 'type') === 'cluster')
    const quorate = own ? flag(own, 'quorate') : true
    const managed = ha.filter((row) => text(row, 'type') === 'service').map(haView)
    const up = nodes.filter(({ online }) => online).length
    return {
      summary: `${quorate ? 'Quorate' : 'NO QUORUM'}, ${up} of ${nodes.length} nodes online, ${managed.length} guests under high availability${ceph ? `, Ceph ${ceph.health}` : ''}.`,
      quorate,
      nodes: nodes.toSorted((a, b) => a.name.localeCompare(b.name)).slice(0, SHOWN),
      ha: managed.toSorted((a, b) => a.id.localeCompare(b.id)).slice(0, SHOWN),
      ceph,
      truncated: nodes.length > SHOWN || managed.length > SHOWN,
      total: nodes.length,
    }
  },
})

function nodeView(row: Row) {
  return { name: oneLine(text(row, 'name') ?? '', 100), online: flag(row, 'online'), ip: text(row, 'ip') }
}

function haView(row: Row) {
  return {
    id: oneLine(text(row, 'sid') ?? text(row, 'id') ?? '', 100),
    status: oneLine(text(row, 'state') ?? text(row, 'status') ?? '', 200),
    node: oneLine(text(row, 'node') ?? '', 100),
  }
}

/** Undefined where there is no Ceph, which most clusters have not. */
async function cephHealth(cluster: ProxmoxCluster, signal: AbortSignal) {
  try {
    const health = child(await cluster.cephStatus(signal), 'health')
    const checks = Object.entries(child(health, 'checks'))
      .slice(0, 20)
      .map(([name, check]) => oneLine(`${name}: ${text(child(toRow(check), 'summary'), 'message') ?? ''}`, 200))
    return { health: text(health, 'status') ?? 'unknown', checks }
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof ToolError) || error.code === 'internal') throw error
    return undefined
  }
}
