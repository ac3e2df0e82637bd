import { toolsFor } from '@watchkeeper/mcp-shared'
import type { Cluster } from './cluster.ts'

/** `defineTool` for tools of a Kubernetes cluster. */
export const defineTool = toolsFor<Cluster>()
