import { count, oneLine } from '@watchkeeper/mcp-shared'
import { z } from 'zod'
import { NodeName } from '../arguments.ts'
import { nodeNamed } from '../nodes.ts'
import { defineTool } from '../tool.ts'

export const events = defineTool({
  name: 'events',
  title: 'Read the events of a node',
  effect: 'read',
  description:
    'What a node remembers of its own doings since it booted: sequences, phases, tasks, services, addresses. Newest first. `actor` narrows it to one order, such as a reboot.',
  untrusted: true,
  input: z.strictObject({
    node: NodeName,
    limit: z.int().min(1).max(200).default(50),
    actor: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9-]{0,63}$/, 'must be an actor id')
      .optional(),
  }),
  output: z.object({
    summary: z.string(),
    items: z.array(z.object({ id: z.string(), type: z.string(), actor: z.string(), said: z.string() })),
    truncated: z.boolean(),
    total: z.number(),
  }),
  async run({ node: name, limit, actor }, cluster, { signal }) {
    const node = await nodeNamed(cluster, name, signal)
    // One more than asked for tells whether there are more.
    const found = (await cluster.events(node.address, { tail: limit + 1, actor }, signal)).toReversed()
    return {
      summary: `${count(Math.min(found.length, limit), 'event')} of ${node.name}, newest first.`,
      items: found.slice(0, limit).map(({ id, type, actor: by, summary }) => ({
        id,
        type,
        actor: by,
        said: oneLine(summary, 300),
      })),
      truncated: found.length > limit,
      total: found.length,
    }
  },
})
