import { count, oneLine, ToolError } from '@watchkeeper/mcp-shared'
import { z } from 'zod'
import { flag, text } from '../rows.ts'
import { defineTool } from '../tool.ts'

export const clustersList = defineTool({
  name: 'clusters_list',
  title: 'List the clusters',
  effect: 'read',
  description: 'The configured clusters: whether each answers, its version, and whether it has quorum.',
  input: z.strictObject({}),
  output: z.object({
    summary: z.string(),
    items: z.array(
      z.object({
        name: z.string(),
        reachable: z.boolean(),
        version: z.string().optional(),
        quorate: z.boolean().optional(),
        problem: z.string().optional(),
      }),
    ),
    truncated: z.boolean(),
    total: z.number(),
  }),
  async run(_input, _cluster, { ports, signal }) {
    const items = await Promise.all(
      [...ports.values()].map(async (cluster) => {
        try {
          const [version, rows] = await Promise.all([cluster.version(signal), cluster.status(signal)])
          const own = rows.find((row) => text(row, 'type') === 'cluster')
          return {
            name: cluster.name,
            reachable: true,
            version: text(version, 'version'),
            // A single node has no cluster and needs no quorum.
            quorate: own ? flag(own, 'quorate') : true,
          }
        } catch (error) {
          signal.throwIfAborted()
          if (!(error instanceof ToolError)) throw error
          return { name: cluster.name, reachable: error.code === 'forbidden', problem: oneLine(error.message, 300) }
        }
      }),
    )
    const down = items.filter(({ reachable }) => !reachable).length
    return {
      summary: `${count(items.length, 'cluster')}${down > 0 ? `, ${down} not reachable` : ''}.`,
      items,
      truncated: false,
      total: items.length,
    }
  },
})
