import { clip, oneLine } from '@watchkeeper/mcp-shared'
import { z } from 'zod'
import { AlertName, Description, Limit, Summary } from '../arguments.ts'
import type { Answer } from '../knowledge.ts'
import { defineTool } from '../tool.ts'

export const search = defineTool({
  name: 'search',
  title: 'Find a page',
  effect: 'read',
  description:
    'Finds the runbooks or documentation for what is wrong, best first, each with why it was found and how likely it fits. "Nothing fits" is an answer: then do not use what is listed.',
  untrusted: true,
  input: z.strictObject({
    collection: z.enum(['runbooks', 'documentation']).default('runbooks'),
    alertname: AlertName,
    summary: Summary,
    description: Description,
    limit: Limit,
  }),
  output: z.object({
    summary: z.string(),
    fits: z.boolean(),
    degraded: z.string().optional(),
    items: z.array(
      z.object({
        id: z.string(),
        title: z.string(),
        source: z.string(),
        because: z.string(),
        likelihood: z.number(),
        heading: z.string(),
        text: z.string(),
      }),
    ),
    truncated: z.boolean(),
    total: z.number(),
  }),
  async run({ collection, alertname, summary, description, limit }, knowledge, { signal }) {
    const more = { ...(alertname && { alertname }), ...(description && { description }) }
    const answer = await knowledge.search({ collection, summary, limit, ...more }, signal)
    const items = answer.found.slice(0, limit).map(({ id, title, source, because, likelihood, excerpt }) => ({
      id,
      title: oneLine(title, 300),
      source,
      because: oneLine(because, 300),
      likelihood: Math.round(likelihood * 100) / 100,
      heading: oneLine(excerpt.heading, 300),
      text: clip(excerpt.text, 2_000),
    }))
    const degraded = answer.degraded === undefined ? {} : { degraded: answer.degraded }
    return { summary: summaryOf(answer), fits: answer.fits, ...degraded, items, truncated: false, total: items.length }
  },
})

export function summaryOf({ found: [best], fits, because }: Answer): string {
  return best && fits ? `"${oneLine(best.title, 200)}", ${oneLine(because, 200)}.` : oneLine(because, 400)
}
