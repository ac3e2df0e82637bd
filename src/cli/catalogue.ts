import { z } from 'zod'
import type { CatalogueTool, ToolCatalogue } from '../knowledge/tool-catalogue.ts'
import type { DeclaredTools } from '../tools/rules.ts'
import type { PublishedTool } from '../tools/toolbox.ts'

const Definition = z.object({
  inputSchema: z.record(z.string(), z.unknown()),
  outputSchema: z.record(z.string(), z.unknown()).optional(),
  _meta: z
    .object({
      'watchkeeper/effect': z.enum(['read', 'write', 'destructive']),
      'watchkeeper/undoable': z.boolean().nullish(),
    })
    .optional(),
})

/**
 * What the lint knows: the tools as they are published; of two with one name the later counts. Of somebody else's tool the effect
 * is the declared one; any other that states no effect changes.
 */
export function catalogueOf(tools: readonly PublishedTool[], declared: DeclaredTools = new Map()): ToolCatalogue {
  const known = new Map<string, CatalogueTool>()
  for (const { name, definition } of tools) {
    const parsed = Definition.safeParse(definition)
    if (!parsed.success) continue
    const { inputSchema, outputSchema, _meta: meta } = parsed.data
    const own = declared.get(name)
    known.set(name, {
      effect: own ?? meta?.['watchkeeper/effect'] ?? 'destructive',
      undoable: own === undefined && (meta?.['watchkeeper/undoable'] ?? false),
      inputSchema,
      ...(outputSchema && { outputSchema }),
    })
  }
  return known
}
