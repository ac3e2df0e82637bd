import { z } from 'zod'
import { NodeName, ResourceId, ResourceNamespace, ResourceType } from '../arguments.ts'
import { Spec } from '../bound-spec.ts'
import { findDefinition } from '../definitions.ts'
import { showSpec } from '../mask-resource.ts'
import { nodeNamed } from '../nodes.ts'
import { defineTool } from '../tool.ts'

export const resourceGet = defineTool({
  name: 'resource_get',
  title: 'Read one resource',
  effect: 'read',
  description:
    'One resource of a node with its whole spec. Types that hold secrets are refused; the machine configuration (type machineconfig, id v1alpha1) is shown with its secrets masked.',
  untrusted: true,
  input: z.strictObject({
    node: NodeName,
    type: ResourceType,
    id: ResourceId,
    namespace: ResourceNamespace.optional(),
  }),
  output: z.object({
    summary: z.string(),
    type: z.string(),
    id: z.string(),
    namespace: z.string(),
    version: z.string(),
    phase: z.string(),
    owner: z.string(),
    updated: z.string().nullable(),
    spec: Spec,
    truncated: z.boolean(),
  }),
  async run({ node: name, type, id, namespace }, cluster, { signal }) {
    const node = await nodeNamed(cluster, name, signal)
    const kind = await findDefinition(cluster, node, { type, namespace }, signal)
    const found = await cluster.resource(node.address, kind, id, signal)
    const { value: spec, truncated } = showSpec(kind.type, found.spec)
    return {
      summary: `${kind.type} ${id} on ${node.name}, version ${found.version}, ${found.phase || 'unknown phase'}.`,
      type: kind.type,
      id,
      namespace: found.namespace,
      version: found.version,
      phase: found.phase,
      owner: found.owner,
      updated: found.updated,
      spec,
      truncated,
    }
  },
})
