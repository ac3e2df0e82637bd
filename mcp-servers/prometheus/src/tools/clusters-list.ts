import { count, toToolError } from '@watchkeeper/mcp-shared'
import { z } from 'zod'
import { defineTool } from '../tool.ts'

export const clustersList = defineTool({
  name: 'clusters_list',
  title: 'List the installations',
  effect: 'read',
  description: 'Every Prometheus this server is configured for, and whether it answers queries.',
  input: z.strictObject({}),
  output: z.object({
    summary: z.string(),
    items: z.array(z.object({ name: z.string(), reachable: z.boolean(), problem: z.string().nullable() })),
    truncated: z.boolean(),
    total: z.number(),
  }),
  async run(_input, _prometheus, { ports, signal }) {
    // The cheapest question there is: it reads no series, and every server that speaks the API answers it.
    const asked = [...ports].map(async ([name, prometheus]) => {
      const problem = await prometheus.query('vector(1)', undefined, signal).then(
        () => null,
        (error: unknown) => toToolError(error, signal).message,
      )
      return { name, reachable: problem === null, problem }
    })
    const items = await Promise.all(asked)
    signal.throwIfAborted()
    const answering = items.filter(({ reachable }) => reachable).length
    return {
      summary: `${answering} of ${count(items.length, 'installation')} answer: ${items.map(({ name }) => name).join(', ')}.`,
      items,
      truncated: false,
      total: items.length,
    }
  },
})
