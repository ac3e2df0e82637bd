import { expect, test } from 'vitest'
import { OperatorError } from '../../src/domain/errors.ts'
import { parseMcpServers, readMcpServers } from '../../src/tools/mcp-servers.ts'

const parse = (servers: unknown, env: Record<string, string> = {}) =>
  parseMcpServers(JSON.stringify({ mcpServers: servers }), 'mcp-servers.json', env)

test('the usual file: programs by stdio, addresses by HTTP', () => {
  const servers = parse({
    kubernetes: { command: 'node', args: ['main.ts'], env: { KUBECONFIG: '/etc/kube' } },
    proxmox: { type: 'http', url: 'https://mcp.example/proxmox', headers: { authorization: 'Bearer x' } },
  })
  expect([...servers.keys()]).toEqual(['kubernetes', 'proxmox'])
  expect(servers.get('kubernetes')).toEqual({ command: 'node', args: ['main.ts'], env: { KUBECONFIG: '/etc/kube' } })
  expect(servers.get('proxmox')).toMatchObject({ url: 'https://mcp.example/proxmox' })
})

test('secrets come from the environment, and a missing one is named', () => {
  const entry = { url: 'https://mcp.example', headers: { authorization: `Bearer $\{PROXMOX_TOKEN}` } }
  expect(parse({ proxmox: entry }, { PROXMOX_TOKEN: 'secret' }).get('proxmox')).toMatchObject({
    headers: { authorization: 'Bearer secret' },
  })
  expect(() => parse({ proxmox: entry })).toThrow(
    /refers to \$\{PROXMOX_TOKEN\}, which is not set.*Set PROXMOX_TOKEN\./,
  )
})

test.each<[string, unknown, RegExp]>([
  ['neither command nor url', { kubernetes: {} }, /at mcpServers\.kubernetes/],
  ['both', { kubernetes: { command: 'node', url: 'https://x.example' } }, /at mcpServers\.kubernetes/],
  ['a word too many', { kubernetes: { command: 'node', shell: true } }, /at mcpServers\.kubernetes/],
  ['not an address', { proxmox: { url: 'mcp.example' } }, /at mcpServers\.proxmox/],
  ['a name with a dot, which would hide another server', { 'kubernetes.scale': { command: 'node' } }, /at mcpServers/],
  ['a list', [], /at mcpServers/],
])('%s: the error names the file and the place', (_name, servers, place) => {
  expect(() => parse(servers)).toThrow(place)
  expect(() => parse(servers)).toThrow(/^mcp-servers\.json: /)
  expect(() => parse(servers)).toThrow(OperatorError)
})

test('text that is not JSON, and a file that is not there, are sentences', async () => {
  expect(() => parseMcpServers('{', 'mcp-servers.json', {})).toThrow(/^mcp-servers\.json is not JSON: /)
  await expect(readMcpServers('/nowhere/mcp.json', {})).rejects.toThrow(
    'The file of MCP servers /nowhere/mcp.json cannot be read. Correct MCP_SERVERS_FILE.',
  )
})
