import { z } from 'zod'
import type { Effect, Probed, Tool } from './define-tool.ts'
import { inputSchema, type JsonObjectSchema, outputSchema } from './json-schema.ts'

/** A tool as clients see it in `tools/list`. */
export type PublishedTool = {
  name: string
  title: string
  description: string
  inputSchema: JsonObjectSchema
  outputSchema: JsonObjectSchema
  annotations: {
    readOnlyHint: boolean
    destructiveHint: boolean
    idempotentHint: boolean
    openWorldHint: boolean
  }
  _meta: { 'watchkeeper/effect': Effect; 'watchkeeper/undoable': boolean | null; 'watchkeeper/untrusted'?: true }
}

/** A tool together with the schema its calls are parsed by: its own, and `cluster` where there are several. */
export type Entry<Port> = { tool: Tool<Port>; input: z.ZodObject; published: PublishedTool }

export type Catalog<Port> = ReadonlyMap<string, Entry<Port>>

/** The state a probe found, in words of its own tool. */
export const ProbeAnswer = z.object({
  summary: z.string(),
  state: z.enum(['done', 'not_done', 'unknown']),
  because: z.string(),
})

/**
 * Everything a server offers, by name: its tools, without the changing ones when `readOnly`, and `probe_effect` for those.
 *
 * @param clusters the names calls may choose from; the first is the default
 */
export function catalogOf<Port>(
  tools: readonly Tool<Port>[],
  clusters: readonly string[],
  readOnly: boolean,
): Catalog<Port> {
  const offered = readOnly ? tools.filter((tool) => tool.effect === 'read') : tools
  const changing = offered.filter((tool) => tool.change)
  const all = changing.length > 0 ? [...offered, probeEffect(changing)] : offered
  const catalog = new Map<string, Entry<Port>>()
  for (const tool of all) {
    if (catalog.has(tool.name)) throw new Error(`Two tools are named "${tool.name}".`)
    const input = withCluster(tool.input, clusters, tool.name === PROBE)
    catalog.set(tool.name, { tool, input, published: publish(tool, input) })
  }
  return catalog
}

export const PROBE = 'probe_effect'

function probeEffect<Port>(changing: readonly Tool<Port>[]): Tool<Port> {
  const byName = new Map(changing.map((tool) => [tool.name, tool]))
  const input = z.strictObject({
    tool: z.enum(changing.map((tool) => tool.name)),
    arguments: z.record(z.string(), z.unknown()).describe('The arguments of the changing call, as they were sent.'),
    effect: z.uuid().describe('The effect id of its grant.'),
  })
  return {
    name: PROBE,
    title: 'Find out whether a change happened',
    description:
      'After a changing call whose answer was lost: reads the target and answers done, not_done or unknown. Trust not_done only after the grant has expired.',
    effect: 'read',
    untrusted: false,
    input,
    output: ProbeAnswer,
    change: undefined,
    async run(raw, port, context) {
      const { tool: name, arguments: args, effect } = raw as z.infer<typeof input>
      const tool = byName.get(name)
      if (!tool?.change) return { ...unknownState(`${name} is not a changing tool of this server.`) }
      const { cluster: _cluster, ...own } = args
      const parsed = tool.input.safeParse(own)
      if (!parsed.success) return unknownState(`these are not arguments of ${name}.`)
      const found = await tool.change.probe(parsed.data, port, { ...context, effect }).catch((error: unknown) => ({
        state: 'unknown' as const,
        because: error instanceof Error ? error.message : 'no answer',
      }))
      return { ...found, summary: sentence(found) }
    },
  }
}

function unknownState(because: string) {
  return { state: 'unknown' as const, because, summary: sentence({ state: 'unknown', because }) }
}

function sentence({ state, because }: Probed): string {
  return `${state === 'done' ? 'Done' : state === 'not_done' ? 'Not done' : 'Unknown'}: ${because}`
}

/** The probe needs no `cluster` of its own: it takes the one in the arguments it is asked about. */
function withCluster(input: z.ZodObject, clusters: readonly string[], probe: boolean): z.ZodObject {
  const [first] = clusters
  if (first === undefined || clusters.length < 2 || probe) return input
  const cluster = z.enum(clusters).default(first)
  return z.strictObject({ cluster, ...input.shape })
}

function publish<Port>(tool: Tool<Port>, input: z.ZodObject): PublishedTool {
  const { name, title, description, effect, change } = tool
  return {
    name,
    title,
    description,
    inputSchema: inputSchema(input),
    outputSchema: outputSchema(tool.output),
    annotations: {
      readOnlyHint: effect === 'read',
      destructiveHint: effect === 'destructive',
      idempotentHint: change ? change.idempotent : true,
      openWorldHint: tool.untrusted,
    },
    _meta: {
      'watchkeeper/effect': effect,
      'watchkeeper/undoable': change ? change.undoable : null,
      ...(tool.untrusted ? { 'watchkeeper/untrusted': true as const } : {}),
    },
  }
}
