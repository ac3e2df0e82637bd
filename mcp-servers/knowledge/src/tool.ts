import { toolsFor } from '@watchkeeper/mcp-shared'
import type { Knowledge } from './knowledge.ts'

/** `defineTool` for tools that ask what a Watchkeeper knows. */
export const defineTool = toolsFor<Knowledge>()
