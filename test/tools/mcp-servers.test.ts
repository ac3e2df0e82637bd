import { expect, test } from 'vitest'
import { OperatorError } from '../../src/domain/errors.ts'
import { declaredTools, parseMcpServers, readMcpServers } from '../../src/tools/mcp-servers.ts'

const parse = (servers: unknown, env: Record<string, string> = {}) =>
  parseMcpServers(JSON.stringify({ mcpServers: servers }), 'mcp-servers.json', env).servers

test('the usual file: programs by stdio, addresses by HTTP', () => {
  const servers = parse({
    kubernetes: { command: 'node', args: ['main.ts'], env: { KUBECONFIG: '/etc/kube' } },
    proxmox: { type: 'http', url: 'https://mcp.example/proxmox', headers: { authorization: 'Bearer x' } },
  })
  expect([...servers.keys()]).toEqual(['kubernetes', 'proxmox'])
  expect(servers.get('kubernetes')).toEqual({ command: 'node', args: ['main.ts'], env: { KUBECONFIG: '/etc/kube' } })
  expect(servers.get('proxmox')).toMatchObject({ url: 'https://mcp.example/proxmox' })
  expect(servers.get('proxmox')?.declared).toBeUndefined()
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

test('a name in small letters is a variable too, and left as it stands where it is not set: it may be a shell’s', () => {
  const entry = { command: 'notes', env: { TOKEN: `$\{notes_token}` } }
  expect(parse({ notes: entry }, { notes_token: 'secret' }).get('notes')).toMatchObject({ env: { TOKEN: 'secret' } })
  const args = ['-c', `for f in a; do echo $\{f}; done`, `$\{workspaceFolder}`]
  expect(parse({ notes: { ...entry, args } }).get('notes')).toMatchObject({ ...entry, args })
  expect(() => parse({ notes: { ...entry, args: [...args, `$\{NOTES_2}`] } })).toThrow(
    /\$\{NOTES_2\}, which is not set/,
  )
})

test('what other clients write beside it is left alone, and a server that is disabled is not there', () => {
  const servers = parse({
    notes: { command: 'notes', disabled: false, autoApprove: ['find'], timeout: 60, note: `$\{NOT_OURS}` },
    wiki: { type: 'streamableHttp', url: 'https://x.example', disabled: false },
    off: { command: 'off', env: { TOKEN: `$\{UNSET}` }, disabled: true },
  })
  expect([...servers.keys()]).toEqual(['notes', 'wiki'])
  expect(servers.get('notes')).toEqual({ command: 'notes', args: [], env: {}, declared: new Map() })
})

test.each<[string, unknown, RegExp]>([
  ['neither command nor url', { kubernetes: {} }, /at mcpServers\.kubernetes/],
  ['both', { kubernetes: { command: 'node', url: 'https://x.example' } }, /at mcpServers\.kubernetes/],
  ['a wrong kind of value', { kubernetes: { command: 'node', args: 'main.ts' } }, /at mcpServers\.kubernetes: args: /],
  ['a type of the other kind', { kubernetes: { type: 'http', command: 'node' } }, /at mcpServers\.kubernetes: type: /],
  [
    'a name with capitals',
    { GitHub: { command: 'node' } },
    /at mcpServers\.GitHub: a server's name must be lower-case letters/,
  ],
  [
    'a transport that is not there any more',
    { notes: { type: 'sse', url: 'https://x.example/sse' } },
    /at mcpServers\.notes: the transport "sse" is not supported\. .*"type": "http"/,
  ],
  ['not an address', { proxmox: { url: 'mcp.example' } }, /at mcpServers\.proxmox/],
  ['a name with a dot, which would hide another server', { 'kubernetes.scale': { command: 'node' } }, /at mcpServers/],
  ['a list', [], /at mcpServers/],
])('%s: the error names the file and the place', (_name, servers, place) => {
  expect(() => parse(servers)).toThrow(place)
  expect(() => parse(servers)).toThrow(/^mcp-servers\.json: /)
  expect(() => parse(servers)).toThrow(OperatorError)
})

test.each(['http://user:hunter2@host/mcp', 'http://hunter2@host/mcp', 'http://:hunter2@host/mcp'])(
  'an address with a user or a password is refused without being repeated: %s',
  (url) => {
    const entry = { url: `http://$\{LOGIN}host/mcp` }
    const login = url.slice('http://'.length, -'host/mcp'.length)
    for (const told of [() => parse({ notes: { url } }), () => parse({ notes: entry }, { LOGIN: login })]) {
      expect(told).toThrow(/^mcp-servers\.json: at mcpServers\.notes: url: it has a user or a password.*"headers"/)
      expect(told).not.toThrow(/hunter2/)
    }
  },
)

const withSection = (
  watchkeeper: unknown,
  servers: unknown = { notes: { command: 'notes' }, kubernetes: { command: 'k' } },
) => parseMcpServers(JSON.stringify({ mcpServers: servers, watchkeeper }), 'mcp-servers.json', {}).servers

test('tools of other servers are declared in a section of our own; our own servers need none', () => {
  const servers = withSection({ servers: { notes: { tools: { find: 'read', create: 'write', wipe: 'destructive' } } } })
  expect(servers.get('kubernetes')?.declared).toBeUndefined()
  expect([...declaredTools(servers)]).toEqual([
    ['notes.find', 'read'],
    ['notes.create', 'write'],
    ['notes.wipe', 'destructive'],
  ])
})

test('a server that nobody declared anything of has no tool', () => {
  expect(parse({ notes: { command: 'notes' } }).get('notes')?.declared).toEqual(new Map())
})

test.each<[string, unknown, RegExp]>([
  [
    'a word that is no effect',
    { servers: { notes: { tools: { find: 'reads' } } } },
    /at watchkeeper\.servers\.notes\.tools\.find: must be "read", "write" or "destructive"/,
  ],
  [
    'a server that is not there',
    { servers: { note: { tools: {} } } },
    /at watchkeeper\.servers\.note: mcpServers has no note\. Add the server there, or correct/,
  ],
  [
    'a server of ours',
    { servers: { kubernetes: { tools: { exec: 'read' } } } },
    /at watchkeeper\.servers\.kubernetes: kubernetes is a server of Watchkeeper.*another name/,
  ],
  [
    'a word too many',
    { servers: { notes: { tools: {}, trust: 'all' } } },
    /at watchkeeper\.servers\.notes: .*It declares tools so:/,
  ],
  ['no tools', { servers: { notes: {} } }, /at watchkeeper\.servers\.notes\.tools/],
])('A10: %s: the error says where and how', (_name, section, words) => {
  expect(() => withSection(section)).toThrow(words)
  expect(() => withSection(section)).toThrow(OperatorError)
})

test('text that is not JSON, and a file that is not there, are sentences', async () => {
  expect(() => parseMcpServers('{', 'mcp-servers.json', {})).toThrow(/^mcp-servers\.json is not JSON: /)
  await expect(readMcpServers('/nowhere/mcp.json', {})).rejects.toThrow(
    'The file of MCP servers /nowhere/mcp.json cannot be read. Correct MCP_SERVERS_FILE.',
  )
})
