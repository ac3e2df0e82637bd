import { clip, count, page } from '@watchkeeper/mcp-shared'
import { z } from 'zod'
import { Expression, Limit } from '../arguments.ts'
import { said, seriesName } from '../digest.ts'
import { defineTool } from '../tool.ts'

export const query = defineTool({
  name: 'query',
  title: 'Ask for a value now',
  effect: 'read',
  description:
    'Evaluates a PromQL expression at one moment: the value of each series, the highest first. For what happened over time use query_range.',
  untrusted: true,
  input: z.strictObject({
    expression: Expression,
    time: z.iso.datetime().optional().describe('The moment to look at, now unless told'),
    limit: Limit,
  }),
  output: z.object({
    summary: z.string(),
    items: z.array(z.object({ series: z.string(), value: z.union([z.number(), z.string()]) })),
    truncated: z.boolean(),
    total: z.number(),
  }),
  async run({ expression, time, limit }, prometheus, { signal }) {
    const at = time === undefined ? undefined : Date.parse(time) / 1_000
    const series = await prometheus.query(expression, at, signal)
    const values = series.map(({ labels, samples }) => ({
      name: seriesName(labels),
      value: samples.at(-1)?.[1] ?? Number.NaN,
    }))
    const rank = (value: number) => (Number.isNaN(value) ? Number.NEGATIVE_INFINITY : value)
    values.sort((a, b) => rank(b.value) - rank(a.value) || a.name.localeCompare(b.name))
    const shown = page(values, limit)
    const [highest] = values
    return {
      summary: highest
        ? `${count(values.length, 'series', 'series')}; the highest is ${clip(highest.name, 200)} at ${said(highest.value)}.`
        : 'No series: nothing matches, or the condition holds for none.',
      ...shown,
      items: shown.items.map(({ name, value }) => ({ series: name, value: said(value) })),
    }
  },
})
