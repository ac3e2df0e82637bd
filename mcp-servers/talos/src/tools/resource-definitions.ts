import { count } from '@watchkeeper/mcp-shared'
import { z } from 'zod'
import { NodeName } from '../arguments.ts'
import { definitionsOf } from '../definitions.ts'
import { isSecretKind } from '../mask-resource.ts'
import { nodeNamed } from '../nodes.ts'
import { defineTool } from '../tool.ts'

export const resourceDefinitions = defineTool({
  name: 'resource_definitions',
  title: 'List the types of resources',
  effect: 'read',
  description:
    'The types of resources a node serves, with aliases and namespace, for resources_list and resource_get. `grep` narrows it by a word in the name.',
  input: z.strictObject({
    node: NodeName,
    grep: z
      .string()
      .regex(/^[A-Za-z][A-Za-z0-9.]{0,99}$/, 'must be a word, such as "link"')
      .optional(),
    limit: z.int().min(1).max(300).default(150),
  }),
  output: z.object({
    summary: z.string(),
    items: z.array(
      z.object({ type: z.string(), namespace: z.string(), aliases: z.array(z.string()), refused: z.boolean() }),
    ),
    truncated: z.boolean(),
    total: z.number(),
  }),
  async run({ node: name, grep = '', limit }, cluster, { signal }) {
    const node = await nodeNamed(cluster, name, signal)
    const all = (await definitionsOf(cluster, node, signal)).filter(({ type }) =>
      type.toLowerCase().includes(grep.toLowerCase()),
    )
    return {
      summary: `${count(all.length, 'type')} on ${node.name}.`,
      items: all.slice(0, limit).map((definition) => ({
        type: definition.type,
        namespace: definition.namespace,
        aliases: [...definition.aliases].slice(0, 6),
        refused: isSecretKind(definition),
      })),
      truncated: all.length > limit,
      total: all.length,
    }
  },
})
