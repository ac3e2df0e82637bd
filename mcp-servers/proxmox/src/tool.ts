import { toolsFor } from '@watchkeeper/mcp-shared'
import type { ProxmoxCluster } from './cluster.ts'

/** `defineTool` for tools of a Proxmox VE cluster. */
export const defineTool = toolsFor<ProxmoxCluster>()
