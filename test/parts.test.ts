import { expect, test } from 'vitest'
import { readConfig } from '../src/config.ts'
import { partsOf } from '../src/parts.ts'
import type { ConfiguredServers } from '../src/tools/mcp-servers.ts'
import { ownServers } from '../src/tools/server-entries.ts'
import type { Toolbox } from '../src/tools/toolbox.ts'

/** A toolbox whose servers are all there. */
function toolboxOf(names: Iterable<string>): Toolbox {
  return {
    tools: async () => [],
    find: async () => undefined,
    call: () => Promise.reject(new Error('nothing is to be called')),
    status: () => [...names].map((server) => ({ server, state: 'ready', because: null, tools: 3 })),
    close: async () => {},
  }
}

async function detailOf(part: string, configured: ConfiguredServers): Promise<string | undefined> {
  const toolbox = toolboxOf(configured.servers.keys())
  const parts = await partsOf(readConfig({}), { toolbox, configured, runbooks: 0, problems: [] })
  return parts.find((one) => one.part === part)?.detail
}

test('a server that nothing but being a pod has started says whose rights it has', async () => {
  const inCluster = { host: '10.96.0.1', port: 443 }
  const kubernetes = (own: Parameters<typeof ownServers>[0]) =>
    detailOf('kubernetes', { servers: ownServers(own), disabled: new Set() })
  expect(await kubernetes({ inCluster })).toBe('3 tools by MCP, by the pod’s service account.')
  expect(await kubernetes({ inCluster, kubeconfig: '/k' })).toBe('3 tools by MCP.')
})

test('a server that is switched off is not told to be set up', async () => {
  const configured = { servers: new Map(), disabled: new Set(['kubernetes']) }
  expect(await detailOf('kubernetes', configured)).toBe('No tools for it. Its entry in MCP_SERVERS_FILE is disabled.')
  expect(await detailOf('proxmox', configured)).toBe(
    'No tools for it. Set PROXMOX_CONFIG, or name the server in MCP_SERVERS_FILE.',
  )
})
