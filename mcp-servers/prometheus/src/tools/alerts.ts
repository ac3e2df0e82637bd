import { count, page } from '@watchkeeper/mcp-shared'
import { z } from 'zod'
import { Limit } from '../arguments.ts'
import { seriesName } from '../digest.ts'
import { defineTool } from '../tool.ts'

export const alerts = defineTool({
  name: 'alerts',
  title: 'List active alerts',
  effect: 'read',
  description:
    'The alerts that fire or are pending, as Prometheus sees them: it knows of no silences and no grouping. The longest-standing come first.',
  untrusted: true,
  input: z.strictObject({ state: z.enum(['firing', 'pending']).optional(), limit: Limit }),
  output: z.object({
    summary: z.string(),
    items: z.array(
      z.object({
        name: z.string(),
        state: z.string(),
        since: z.string(),
        labels: z.string(),
        says: z.string(),
        value: z.string(),
      }),
    ),
    truncated: z.boolean(),
    total: z.number(),
  }),
  async run({ state, limit }, prometheus, { signal }) {
    const all = await prometheus.alerts(signal)
    const wanted = all.filter((alert) => state === undefined || alert.state === state)
    const items = wanted.map(({ labels: { alertname = '', ...labels }, annotations, state: is, activeAt, value }) => ({
      name: alertname,
      state: is,
      since: activeAt,
      labels: seriesName(labels),
      says: annotations.summary ?? annotations.description ?? annotations.message ?? '',
      value,
    }))
    items.sort((a, b) => a.since.localeCompare(b.since) || a.name.localeCompare(b.name))
    const firing = items.filter((alert) => alert.state === 'firing').length
    return { summary: `${count(items.length, 'alert')}, ${firing} firing.`, ...page(items, limit) }
  },
})
