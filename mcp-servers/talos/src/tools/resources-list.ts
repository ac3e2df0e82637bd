import { count } from '@watchkeeper/mcp-shared'
import { z } from 'zod'
import { NodeName, ResourceNamespace, ResourceType } from '../arguments.ts'
import { Spec } from '../bound-spec.ts'
import type { Resource } from '../cluster.ts'
import { findDefinition } from '../definitions.ts'
import { showSpec } from '../mask-resource.ts'
import { nodeNamed } from '../nodes.ts'
import { defineTool } from '../tool.ts'

const SPEC_BYTES = 2_000
const BYTES = 80_000

export const resourcesList = defineTool({
  name: 'resources_list',
  title: 'List resources of a node',
  effect: 'read',
  description:
    'Resources of one type on a node (members, addresses, links, volumes …) with their spec in short; resource_get has one in full. Types that hold secrets are refused.',
  untrusted: true,
  input: z.strictObject({
    node: NodeName,
    type: ResourceType,
    namespace: ResourceNamespace.optional(),
    limit: z.int().min(1).max(200).default(50),
  }),
  output: z.object({
    summary: z.string(),
    type: z.string(),
    items: z.array(
      z.object({
        id: z.string(),
        version: z.string(),
        phase: z.string(),
        updated: z.string().nullable(),
        spec: Spec,
      }),
    ),
    truncated: z.boolean(),
    total: z.number(),
  }),
  async run({ node: name, type, namespace, limit }, cluster, { signal }) {
    const node = await nodeNamed(cluster, name, signal)
    const kind = await findDefinition(cluster, node, { type, namespace }, signal)
    const all = (await cluster.resources(node.address, kind, signal)).toSorted((a, b) => a.id.localeCompare(b.id))
    const items = shownOf(kind.type, all.slice(0, limit))
    return {
      summary: `${count(all.length, 'resource')} of type ${kind.type} on ${node.name}.`,
      type: kind.type,
      items,
      truncated: items.length < all.length,
      total: all.length,
    }
  },
})

/** As many as fit into the answer; the rest is not even masked. */
function shownOf(type: string, resources: readonly Resource[]) {
  const items = []
  let left = BYTES
  for (const { id, version, phase, updated, spec } of resources) {
    const item = { id, version, phase, updated, spec: showSpec(type, spec, SPEC_BYTES).value }
    left -= Buffer.byteLength(JSON.stringify(item))
    if (left < 0) break
    items.push(item)
  }
  return items
}
