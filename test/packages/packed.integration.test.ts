import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { afterAll, expect, test } from 'vitest'
import { published } from '../../docs/tools/pages.ts'
import { ROOT } from '../docs/files.ts'
import { createAuthority } from '../simulators/tls.ts'

const run = promisify(execFile)
const folder = await mkdtemp(join(tmpdir(), 'watchkeeper-packed-'))
afterAll(() => rm(folder, { recursive: true, force: true }))

const listed = { name: 'clusters_list', arguments: {}, answer: { items: [{ name: 'none' }] } }
const NOWHERE = 'http://127.0.0.1:1'

/** What each server wants before it starts, none of which has to answer; and a first call with what it then comes to. */
const servers: readonly {
  server: string
  env: () => Promise<Record<string, string>>
  first: { name: string; arguments: Record<string, unknown>; answer: object }
}[] = [
  { server: 'kubernetes', env: async () => ({ KUBECONFIG: await kubeconfig() }), first: listed },
  { server: 'proxmox', env: async () => ({ PROXMOX_CONFIG: await proxmoxConfig() }), first: listed },
  { server: 'talos', env: async () => ({ TALOSCONFIG: await talosconfig() }), first: listed },
  { server: 'prometheus', env: async () => ({ PROMETHEUS_URL: `none=${NOWHERE}` }), first: listed },
  {
    server: 'knowledge',
    env: async () => ({ WATCHKEEPER_URL: NOWHERE, KNOWLEDGE_TOKEN: 'a token of sixteen or more' }),
    first: { name: 'search', arguments: { summary: 'x' }, answer: { error: { code: 'unreachable' } } },
  },
]

test.each(servers)(
  '$server: the packed package lists its tools with nothing but its dependencies beside it',
  async ({ server, env, first: { name, arguments: args, answer } }) => {
    const installed = await install(server)
    const manifest = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8'))
    expect(existsSync(join(installed, 'src'))).toBe(false)
    const [file] = Object.values<string>(manifest.bin)
    const client = new Client({ name: 'test', version: '0' })
    const command = { command: process.execPath, args: [join(installed, file ?? '')], stderr: 'ignore' as const }
    await client.connect(new StdioClientTransport({ ...command, env: await env() }))
    const names = (await client.listTools()).tools.map(({ name }) => name)
    // What is loaded with the first call has to be in the package too.
    const first = await client.callTool({ name, arguments: args })
    await client.close()
    expect(names).toEqual(published[server]?.map(({ name }) => name))
    expect(first.structuredContent).toMatchObject(answer)
    expect(JSON.stringify(first)).not.toMatch(/Cannot find|ERR_MODULE/)
  },
)

/** Packs a server as `npm publish` would, and unpacks it where only its own dependencies are found. */
async function install(server: string): Promise<string> {
  const source = join(ROOT, 'mcp-servers', server)
  const path = `${join(ROOT, 'node_modules/.bin')}:${process.env.PATH}`
  await run('npm', ['pack', '--pack-destination', folder], { cwd: source, env: { ...process.env, PATH: path } })
  const [archive] = (await readdir(folder)).filter((name) => name.includes(server) && name.endsWith('.tgz'))
  const modules = join(folder, server, 'node_modules')
  const target = join(modules, '@watchkeeper', `mcp-${server}`)
  await mkdir(target, { recursive: true })
  await run('tar', ['xzf', join(folder, archive ?? ''), '-C', target, '--strip-components', '1'])
  const { dependencies } = JSON.parse(await readFile(join(target, 'package.json'), 'utf8'))
  for (const name of Object.keys(dependencies)) {
    await mkdir(dirname(join(modules, name)), { recursive: true })
    await symlink(join(ROOT, 'node_modules', name), join(modules, name))
  }
  return target
}

async function proxmoxConfig(): Promise<string> {
  const path = join(folder, 'proxmox.yaml')
  const reader = { token_id: 'watch@pve!reader', token_secret: '00000000-0000-4000-8000-000000000000' }
  await writeFile(path, JSON.stringify({ clusters: { none: { url: 'https://127.0.0.1:1', reader } } }))
  return path
}

async function talosconfig(): Promise<string> {
  const path = join(folder, 'talosconfig')
  const authority = await createAuthority('nobody', 'Ed25519')
  const { certificate, key } = await authority.issueClient({
    commonName: 'test',
    organizations: ['os:admin'],
    days: 1,
  })
  const base64 = (text: string) => Buffer.from(text).toString('base64')
  const context = {
    endpoints: ['127.0.0.1:1'],
    ca: base64(authority.certificate),
    crt: base64(certificate),
    key: base64(key),
  }
  await writeFile(path, JSON.stringify({ context: 'none', contexts: { none: context } }))
  return path
}

async function kubeconfig(): Promise<string> {
  const path = join(folder, 'kubeconfig')
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'none', cluster: { server: 'https://127.0.0.1:1' } }],
    users: [{ name: 'none', user: {} }],
    contexts: [{ name: 'none', context: { cluster: 'none', user: 'none' } }],
    'current-context': 'none',
  }
  await writeFile(path, JSON.stringify(config))
  return path
}
