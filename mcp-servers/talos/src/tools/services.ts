import { count, oneLine } from '@watchkeeper/mcp-shared'
import { z } from 'zod'
import { NodeName, ServiceName } from '../arguments.ts'
import { nodeNamed } from '../nodes.ts'
import { defineTool } from '../tool.ts'

const SHOWN = 80
const EVENTS = 5

export const services = defineTool({
  name: 'services',
  title: 'List the services of a node',
  effect: 'read',
  description:
    "Talos's services on a node with state, health, when they came up and their last events; or one of them. `sound` says whether all that should run does and is healthy.",
  untrusted: true,
  input: z.strictObject({
    node: NodeName,
    service: ServiceName.optional(),
  }),
  output: z.object({
    summary: z.string(),
    sound: z.boolean(),
    items: z.array(
      z.object({
        id: z.string(),
        state: z.string(),
        health: z.string(),
        message: z.string(),
        started_at: z.string().nullable(),
        events: z.array(z.object({ at: z.string().nullable(), state: z.string(), message: z.string() })),
      }),
    ),
    truncated: z.boolean(),
    total: z.number(),
  }),
  async run({ node: name, service }, cluster, { signal }) {
    const node = await nodeNamed(cluster, name, signal)
    const all = (await cluster.services(node.address, signal)).filter(
      ({ id }) => service === undefined || id === service,
    )
    const ill = all.filter(({ state, health }) => health === 'unhealthy' || !SOUND.has(state))
    return {
      summary:
        all.length === 0
          ? `${node.name} has no service ${service ?? ''}.`
          : `${count(all.length, 'service')} on ${node.name}, ${ill.length === 0 ? 'all sound' : `in trouble: ${ill.map(({ id }) => id).join(', ')}`}.`,
      sound: all.length > 0 && ill.length === 0,
      items: all.slice(0, SHOWN).map(({ id, state, health, message, startedAt, events }) => ({
        id,
        state,
        health,
        message: oneLine(message, 300),
        started_at: startedAt,
        events: events
          .slice(service ? -20 : -EVENTS)
          .map((event) => ({ ...event, message: oneLine(event.message, 200) })),
      })),
      truncated: all.length > SHOWN,
      total: all.length,
    }
  },
})

const SOUND = new Set(['Running', 'Finished', 'Skipped'])
