import { count, page } from '@watchkeeper/mcp-shared'
import { z } from 'zod'
import { defineTool } from '../tool.ts'

export const apiResources = defineTool({
  name: 'api_resources',
  title: 'List what kinds there are',
  effect: 'read',
  description: 'The kinds this cluster serves, custom resources too, with the names `list`, `get` and `describe` take.',
  input: z.strictObject({
    search: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9.-]{0,60}$/)
      .optional()
      .describe('Only kinds with this in their name or group.'),
    limit: z.int().min(1).max(500).default(100),
  }),
  output: z.object({
    summary: z.string(),
    items: z.array(
      z.object({
        kind: z.string(),
        name: z.string(),
        namespaced: z.boolean(),
        short: z.array(z.string()),
        verbs: z.array(z.string()),
      }),
    ),
    truncated: z.boolean(),
    total: z.number(),
    next: z.null(),
  }),
  async run({ search, limit }, cluster, { signal }) {
    const wanted = search?.toLowerCase() ?? ''
    const all = (await cluster.resources(signal))
      .map(({ kind, plural, group, namespaced, short, verbs }) => ({
        kind,
        name: group === '' ? plural : `${plural}.${group}`,
        namespaced,
        short,
        verbs,
      }))
      .filter(({ kind, name }) => `${kind.toLowerCase()} ${name}`.includes(wanted))
      .toSorted((a, b) => a.name.localeCompare(b.name))
    const shown = page(all, limit)
    return { summary: `${count(all.length, 'kind')}${search ? ` with "${search}"` : ''}.`, ...shown, next: null }
  },
})
