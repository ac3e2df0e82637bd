import { tools as kubernetes } from '../../mcp-servers/kubernetes/src/tools/index.ts'
import { catalogOf, type PublishedTool } from '../../mcp-servers/shared/src/catalog.ts'

export interface OwnList {
  server: string
  tools: readonly PublishedTool[]
}

/** What each of our servers publishes at its fullest: one cluster, a credential that may do everything. One line for each. */
export async function ownLists(): Promise<OwnList[]> {
  return [{ server: 'kubernetes', tools: published(kubernetes) }]
}

function published<Port>(tools: Parameters<typeof catalogOf<Port>>[0]): PublishedTool[] {
  return [...catalogOf(tools, ['main'], false).values()].map((entry) => entry.published)
}
