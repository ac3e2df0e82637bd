import { count } from '@watchkeeper/mcp-shared'
import { z } from 'zod'
import { RunbookId } from '../arguments.ts'
import { defineTool } from '../tool.ts'

const Part = z.array(z.object({ id: z.string(), tool: z.string() }))

export const runbookGet = defineTool({
  name: 'runbook_get',
  title: 'Read a runbook',
  effect: 'read',
  description: 'One runbook: the alerts it is for, the tools its checks and steps use, and what it says to people.',
  input: z.strictObject({ runbook: RunbookId }),
  output: z.object({
    summary: z.string(),
    object: z.object({
      id: z.string(),
      title: z.string(),
      version: z.string(),
      alertnames: z.array(z.string()),
      ceiling: z.string(),
      checks: Part,
      steps: Part,
      prose: z.string(),
    }),
  }),
  async run({ runbook }, knowledge, { signal }) {
    const { alertnames, checks, steps, ...rest } = await knowledge.runbook(runbook, signal)
    const object = {
      ...rest,
      alertnames: alertnames.slice(0, 100),
      checks: checks.slice(0, 50),
      steps: steps.slice(0, 50),
    }
    return { summary: `${rest.title}: ${count(checks.length, 'check')}, ${count(steps.length, 'step')}.`, object }
  },
})
