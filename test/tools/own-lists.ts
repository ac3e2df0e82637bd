import { published } from '../../docs/tools/pages.ts'
import type { PublishedTool } from '../../mcp-servers/shared/src/catalog.ts'

export interface OwnList {
  server: string
  tools: readonly PublishedTool[]
}

/** What each of our servers publishes at its fullest. */
export function ownLists(): OwnList[] {
  return Object.entries(published).map(([server, tools]) => ({ server, tools }))
}
