import type { CatalogueTool, ToolCatalogue } from '../../src/knowledge/tool-catalogue.ts'
import { ownLists } from '../tools/own-lists.ts'

/** The tools as our servers really publish them. */
export function publishedTools(): ToolCatalogue {
  const published = ownLists().flatMap(({ server, tools }) =>
    tools.map(({ name, _meta, inputSchema, outputSchema }) => {
      const { 'watchkeeper/effect': effect, 'watchkeeper/undoable': undoable } = _meta
      const known: CatalogueTool = { effect, undoable: undoable ?? false, inputSchema, outputSchema }
      return [`${server}.${name}`, known] as const
    }),
  )
  return new Map(published)
}
