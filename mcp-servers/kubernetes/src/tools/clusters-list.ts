import { count, toToolError } from '@watchkeeper/mcp-shared'
import { z } from 'zod'
import { defineTool } from '../tool.ts'

export const clustersList = defineTool({
  name: 'clusters_list',
  title: 'List the clusters',
  effect: 'read',
  description: 'Every cluster this server is configured for, whether it answers, and its version.',
  input: z.strictObject({}),
  output: z.object({
    summary: z.string(),
    items: z.array(
      z.object({
        name: z.string(),
        default: z.boolean(),
        reachable: z.boolean(),
        version: z.string().nullable(),
        problem: z.string().nullable(),
      }),
    ),
    truncated: z.boolean(),
    total: z.number(),
    next: z.null(),
  }),
  async run(_input, _cluster, { ports, signal }) {
    const asked = [...ports].map(async ([name, cluster], at) => {
      const found = await cluster.version(signal).then(
        (version) => ({ reachable: true, version, problem: null }),
        (error: unknown) => ({ reachable: false, version: null, problem: toToolError(error, signal).message }),
      )
      return { name, default: at === 0, ...found }
    })
    const items = await Promise.all(asked)
    signal.throwIfAborted()
    const answering = items.filter(({ reachable }) => reachable).length
    return {
      summary: `${answering} of ${count(items.length, 'cluster')} answer: ${items.map(({ name }) => name).join(', ')}.`,
      items,
      truncated: false,
      total: items.length,
      next: null,
    }
  },
})
