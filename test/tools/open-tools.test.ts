import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { readConfig } from '../../src/config.ts'
import { grantSigner } from '../../src/tools/grants.ts'
import { configuredServers, openTools } from '../../src/tools/open-tools.ts'

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
  const { servers } = await configuredServers(inPod({ MCP_SERVERS_FILE: named }), {})
  expect(servers.get('kubernetes')).toMatchObject({ url: 'http://kubernetes-mcp:8765/mcp' })
  const other = await configuredServers(inPod({ MCP_SERVERS_FILE: fileWith({ notes: { command: 'notes' } }) }), {})
  expect(other.servers.get('kubernetes')).toMatchObject({ env: { KUBERNETES_SERVICE_HOST: '10.96.0.1' } })
})

test('a server that a credential starts already may not be named once more', async () => {
  const config = inPod({ KUBECONFIG: '/k', MCP_SERVERS_FILE: fileWith({ kubernetes: { command: 'other' } }) })
  await expect(configuredServers(config, {})).rejects.toThrow(/which KUBECONFIG starts already/)
})

test.each([
  ['by the pod’s service account', {}],
  ['by its variable', { KUBECONFIG: '/k' }],
])('a server that the file disables is not started %s', async (_how, env) => {
  const named = { MCP_SERVERS_FILE: fileWith({ kubernetes: { disabled: true } }), PROXMOX_CONFIG: '/p' }
  const { servers, disabled } = await configuredServers(inPod({ ...named, ...env }), {})
  expect([...servers.keys()]).toEqual(['proxmox'])
  expect([...disabled]).toEqual(['kubernetes'])
})

test('a call of a server that is switched off is told so, not to set what is set already', async () => {
  const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const toolbox = openTools(new Map(), {
    disabled: new Set(['kubernetes']),
    signer: grantSigner(pem),
    log: { warn() {}, info() {} },
    pins: { check: async () => undefined },
  })
  expect(await toolbox.call('kubernetes.scale', {}, { deadlineMs: 1_000 })).toMatchObject({
    ok: false,
    code: 'not_found',
    message: 'There are no tools for kubernetes here: its entry in MCP_SERVERS_FILE is disabled.',
  })
})
