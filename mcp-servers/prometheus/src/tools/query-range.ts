import { CallerError, clip, count, page } from '@watchkeeper/mcp-shared'
import { z } from 'zod'
import { Expression, Limit } from '../arguments.ts'
import { digest, seriesName } from '../digest.ts'
import { defineTool } from '../tool.ts'

const POINTS = 240

export const queryRange = defineTool({
  name: 'query_range',
  title: 'Ask how values went',
  effect: 'read',
  description:
    'Evaluates a PromQL expression over a stretch of time: for each series its ends, lowest, highest and mean, and a sparkline. The one that moved most comes first.',
  untrusted: true,
  input: z.strictObject({
    expression: Expression,
    minutes: z.int().min(1).max(43_200).default(60).describe('How far to look back from the end'),
    end: z.iso.datetime().optional().describe('Where the stretch ends, now unless told'),
    limit: Limit,
  }),
  output: z.object({
    summary: z.string(),
    step_seconds: z.number(),
    items: z.array(
      z.object({
        series: z.string(),
        first: z.number(),
        last: z.number(),
        min: z.number(),
        max: z.number(),
        mean: z.number(),
        samples: z.number(),
        sparkline: z.string(),
      }),
    ),
    truncated: z.boolean(),
    total: z.number(),
  }),
  async run({ expression, minutes, end, limit }, prometheus, { signal, now }) {
    const until = Math.floor((end === undefined ? now() : Date.parse(end)) / 1_000)
    if (!Number.isFinite(until)) throw new CallerError('invalid', '"end" is not a moment.')
    const step = Math.max(15, Math.ceil((minutes * 60) / POINTS))
    const range = { start: until - minutes * 60, end: until, step }
    const series = await prometheus.queryRange(expression, range, signal)
    const digests = series.flatMap(({ labels, samples }) => {
      const of = digest(samples)
      return of ? [{ series: seriesName(labels), ...of }] : []
    })
    digests.sort((a, b) => moved(b) - moved(a) || a.series.localeCompare(b.series))
    const [first] = digests
    return {
      summary: first
        ? `${count(digests.length, 'series', 'series')} over ${minutes} min; ${clip(first.series, 200)} went from ${first.first} to ${first.last} (${first.min} to ${first.max}) ${first.sparkline}`
        : `No numbers in these ${minutes} min.`,
      step_seconds: step,
      ...page(digests, limit),
    }
  },
})

/** How far it went, against how large it is: bytes and shares can be compared. */
function moved({ min, max }: { min: number; max: number }): number {
  const size = Math.max(Math.abs(min), Math.abs(max))
  return size === 0 ? 0 : (max - min) / size
}
