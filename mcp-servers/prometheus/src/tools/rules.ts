import { count, page } from '@watchkeeper/mcp-shared'
import { z } from 'zod'
import { Limit } from '../arguments.ts'
import { defineTool } from '../tool.ts'

export const rules = defineTool({
  name: 'rules',
  title: 'List rules',
  effect: 'read',
  description:
    'The alerting and recording rules with their expressions: what an alert measures, for how long it has to hold, and which rules fail to evaluate (those come first).',
  untrusted: true,
  input: z.strictObject({
    name: z
      .string()
      .regex(/^[A-Za-z_:][\w:]{0,199}$/)
      .optional()
      .describe('Only the rule of this name'),
    kind: z.enum(['alerting', 'recording']).optional(),
    limit: Limit,
  }),
  output: z.object({
    summary: z.string(),
    items: z.array(
      z.object({
        group: z.string(),
        name: z.string(),
        kind: z.string(),
        query: z.string(),
        state: z.string(),
        health: z.string(),
        for_seconds: z.number(),
        problem: z.string(),
      }),
    ),
    truncated: z.boolean(),
    total: z.number(),
  }),
  async run({ name, kind, limit }, prometheus, { signal }) {
    const all = await prometheus.rules(signal)
    const items = all
      .filter((rule) => (name === undefined || rule.name === name) && (kind === undefined || rule.kind === kind))
      .map(({ duration, lastError, ...rule }) => ({ ...rule, for_seconds: duration, problem: lastError }))
    const ill = (rule: { health: string }) => Number(rule.health === 'err')
    items.sort((a, b) => ill(b) - ill(a) || a.group.localeCompare(b.group) || a.name.localeCompare(b.name))
    const failing = items.filter(ill).length
    return {
      summary: `${count(items.length, 'rule')}${failing > 0 ? `, ${failing} failing` : ''}.`,
      ...page(items, limit),
    }
  },
})
