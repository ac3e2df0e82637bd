import { count, ToolError } from '@watchkeeper/mcp-shared'
import { z } from 'zod'
import type { Access } from '../access.ts'
import type { TalosCluster } from '../cluster.ts'
import { defineTool } from '../tool.ts'

const DAY = 86_400_000
const SOON = 14
/** How long a cluster may take to answer here (ms): one that is away must not hide the others. */
const PATIENCE = 5_000

const Certificate = z.object({
  role: z.string().nullable(),
  organizations: z.array(z.string()),
  expires: z.string(),
  days_left: z.number(),
})

export const clustersList = defineTool({
  name: 'clusters_list',
  title: 'List the clusters',
  effect: 'read',
  description: 'The configured clusters, whether they answer, what role each certificate has and when it expires.',
  input: z.strictObject({}),
  output: z.object({
    summary: z.string(),
    items: z.array(
      z.object({
        name: z.string(),
        endpoints: z.array(z.string()),
        nodes: z.number().nullable().describe('null: it does not answer'),
        reader: Certificate,
        operator: Certificate,
        warnings: z.array(z.string()),
      }),
    ),
    truncated: z.boolean(),
    total: z.number(),
  }),
  async run(_input, _cluster, { ports, now, signal }) {
    const items = await Promise.all([...ports.values()].map((port) => viewOf(port, now(), signal)))
    const warned = items.filter(({ warnings }) => warnings.length > 0).map(({ name }) => name)
    return {
      summary: `${count(items.length, 'cluster')}${warned.length > 0 ? `; look at ${warned.join(', ')}` : ''}.`,
      items,
      truncated: false,
      total: items.length,
    }
  },
})

async function viewOf(cluster: TalosCluster, now: number, signal: AbortSignal) {
  const { name, endpoints, reader, operator } = cluster
  const warnings = [reader, operator].flatMap((access) => warningsOf(access, now))
  let nodes: number | null = null
  try {
    nodes = (await cluster.members(AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)]))).length
  } catch (error) {
    signal.throwIfAborted()
    warnings.push(error instanceof ToolError ? error.message : `It did not answer within ${PATIENCE / 1000} seconds.`)
  }
  return {
    name,
    endpoints: [...endpoints],
    nodes,
    reader: describeAccess(reader, now),
    operator: describeAccess(operator, now),
    warnings: [...new Set(warnings)],
  }
}

function describeAccess({ role, organizations, expires }: Access, now: number) {
  return {
    role: role ?? null,
    organizations: [...organizations],
    expires: expires.toISOString(),
    days_left: Math.floor((expires.getTime() - now) / DAY),
  }
}

function warningsOf({ role, expires }: Access, now: number): string[] {
  const days = Math.floor((expires.getTime() - now) / DAY)
  return [
    ...(days < 0 ? ['The certificate has expired: make a new one with talosctl config new.'] : []),
    ...(days >= 0 && days < SOON ? [`The certificate expires in ${count(days, 'day')}.`] : []),
    ...(role === undefined ? ['The certificate has none of the roles os:reader, os:operator and os:admin.'] : []),
  ]
}
