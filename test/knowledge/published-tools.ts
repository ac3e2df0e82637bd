import { tools } from '../../mcp-servers/kubernetes/src/tools/index.ts'
import { catalogOf } from '../../mcp-servers/shared/src/catalog.ts'
import { type CatalogueTool, type ToolCatalogue, toolsToCome } from '../../src/knowledge/tool-catalogue.ts'

/** The tools as our servers really publish them, and the names of those that are to come. */
export function publishedTools(): ToolCatalogue {
  const published = [...catalogOf(tools, ['main'], false)].map(([name, { published: tool }]) => {
    const { 'watchkeeper/effect': effect, 'watchkeeper/undoable': undoable } = tool._meta
    const { inputSchema, outputSchema } = tool
    const known: CatalogueTool = { effect, undoable: undoable ?? false, inputSchema, outputSchema }
    return [`kubernetes.${name}`, known] as const
  })
  return new Map<string, CatalogueTool | 'later'>([...toolsToCome(), ...published])
}
