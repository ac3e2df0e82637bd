import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { readConfig } from '../../src/config.ts'
import { configuredServers } from '../../src/tools/open-tools.ts'

const folder = mkdtempSync(join(tmpdir(), 'watchkeeper-open-tools-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** In a pod, whose service account is there. */
function inPod(env: Record<string, string>) {
  const files = { read: () => undefined, exists: () => true }
  return readConfig({ KUBERNETES_SERVICE_HOST: '10.96.0.1', ...env }, { files })
}

function fileWith(mcpServers: object): string {
  const path = join(folder, `${Object.keys(mcpServers).join('-')}.json`)
  writeFileSync(path, JSON.stringify({ mcpServers }))
  return path
}

test('in a pod the server that the file names is the one, and without it one is started', async () => {
  const named = fileWith({ kubernetes: { url: 'http://kubernetes-mcp:8765/mcp' } })
  const servers = await configuredServers(inPod({ MCP_SERVERS_FILE: named }), {})
  expect(servers.get('kubernetes')).toMatchObject({ url: 'http://kubernetes-mcp:8765/mcp' })
  const other = await configuredServers(inPod({ MCP_SERVERS_FILE: fileWith({ notes: { command: 'notes' } }) }), {})
  expect(other.get('kubernetes')).toMatchObject({ env: { KUBERNETES_SERVICE_HOST: '10.96.0.1' } })
})

test('a server that a credential starts already may not be named once more', async () => {
  const config = inPod({ KUBECONFIG: '/k', MCP_SERVERS_FILE: fileWith({ kubernetes: { command: 'other' } }) })
  await expect(configuredServers(config, {})).rejects.toThrow(/which KUBECONFIG starts already/)
})
