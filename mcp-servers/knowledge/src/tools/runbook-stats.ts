import { z } from 'zod'
import { RunbookId } from '../arguments.ts'
import { defineTool } from '../tool.ts'

export const runbookStats = defineTool({
  name: 'runbook_stats',
  title: 'Look at a runbook’s record',
  effect: 'read',
  description:
    'How a runbook did so far: how often its plans ended how, what counted as success and as failure, and when it ran last.',
  input: z.strictObject({ runbook: RunbookId }),
  output: z.object({
    summary: z.string(),
    ran: z.number(),
    succeeded: z.number(),
    failed: z.number(),
    outcomes: z.array(z.object({ outcome: z.string(), times: z.number() })),
    last: z.string().nullable(),
  }),
  async run({ runbook }, knowledge, { signal }) {
    const { ran, succeeded, failed, outcomes, last } = await knowledge.stats(runbook, signal)
    const times = Object.entries(outcomes)
      .map(([outcome, count]) => ({ outcome, times: count }))
      .sort((a, b) => b.times - a.times || a.outcome.localeCompare(b.outcome))
    const summary =
      ran === 0 ? `${runbook} has no record yet.` : `${runbook}: ${succeeded} fixed, ${failed} failed, of ${ran}.`
    return { summary, ran, succeeded, failed, outcomes: times.slice(0, 20), last }
  },
})
