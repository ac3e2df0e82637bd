import { toolsFor } from '@watchkeeper/mcp-shared'
import type { TalosCluster } from './cluster.ts'

/** `defineTool` for tools of a Talos cluster. */
export const defineTool = toolsFor<TalosCluster>()
