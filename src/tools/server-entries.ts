import { fileURLToPath } from 'node:url'
import type { ServerEntries, ServerEntry } from './mcp-servers.ts'

export interface OwnServers {
  kubeconfig: string | undefined
  kubeconfigOperator: string | undefined
}

/** The servers that come with Watchkeeper, started here by stdio for whatever credentials are configured. */
export function ownServers({ kubeconfig, kubeconfigOperator }: OwnServers): ServerEntries {
  const entries = new Map<string, ServerEntry>()
  if (kubeconfig !== undefined)
    entries.set('kubernetes', {
      command: process.execPath,
      args: [fileURLToPath(new URL('../../mcp-servers/kubernetes/src/main.ts', import.meta.url))],
      env: {
        KUBECONFIG: kubeconfig,
        ...(kubeconfigOperator !== undefined && { KUBECONFIG_OPERATOR: kubeconfigOperator }),
      },
    })
  return entries
}
