import { oneLine } from '@watchkeeper/mcp-shared'
import { z } from 'zod'
import { AlertName, Description, Limit, Summary } from '../arguments.ts'
import { defineTool } from '../tool.ts'
import { summaryOf } from './search.ts'

export const decisionsLike = defineTool({
  name: 'decisions_like',
  title: 'Find past decisions',
  effect: 'read',
  description:
    'Finds past incidents like this one: what was done about them and how it ended. What went wrong then is listed like what went well.',
  untrusted: true,
  input: z.strictObject({ alertname: AlertName, summary: Summary, description: Description, limit: Limit }),
  output: z.object({
    summary: z.string(),
    fits: z.boolean(),
    items: z.array(
      z.object({
        id: z.string(),
        title: z.string(),
        outcome: z.string(),
        ended: z.string(),
        runbook: z.string(),
        at: z.string(),
        because: z.string(),
        likelihood: z.number(),
      }),
    ),
    truncated: z.boolean(),
    total: z.number(),
  }),
  async run({ alertname, summary, description, limit }, knowledge, { signal }) {
    const more = { ...(alertname && { alertname }), ...(description && { description }) }
    const answer = await knowledge.search({ collection: 'decisions', summary, limit, ...more }, signal)
    const items = answer.found.slice(0, limit).map(({ id, title, facts, because, likelihood }) => ({
      id,
      title: oneLine(title, 300),
      outcome: said(facts.outcome),
      ended: said(facts.because),
      runbook: said(facts.runbook),
      at: said(facts.at),
      because: oneLine(because, 300),
      likelihood: Math.round(likelihood * 100) / 100,
    }))
    return { summary: summaryOf(answer), fits: answer.fits, items, truncated: false, total: items.length }
  },
})

function said(value: unknown): string {
  return typeof value === 'string' ? oneLine(value, 400) : ''
}
