import { readFileSync } from 'node:fs'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { expect, test } from 'vitest'
import { OWN_SERVERS } from '../../src/tools/rules.ts'
import { startHttp } from '../bench/servers/start-http.ts'

const folder = (server: string) => new URL(`../../mcp-servers/${server}/`, import.meta.url)
const mainOf = (server: string) => new URL('src/main.ts', folder(server)).pathname
const connected = () => new Client({ name: 'test', version: '0' })

/** The list as it stands in the project: what a pin at first sight holds a server to. */
function onRecord(server: string): unknown[] {
  const lines = readFileSync(new URL('test/golden/tools.jsonl', folder(server)), 'utf8')
    .trim()
    .split('\n')
  return lines.map((line): unknown => JSON.parse(line))
}

/** What a server without clusters is asked instead of their list. */
const FIRST: Readonly<Record<string, { name: string; arguments: Record<string, unknown> }>> = {
  knowledge: { name: 'search', arguments: { summary: 'x' } },
}

test.each(OWN_SERVERS)(
  'A20: %s lists over stdio what is on record, and without a platform uses none of it',
  async (server) => {
    const client = connected()
    const args = [mainOf(server), '--no-platform']
    await client.connect(new StdioClientTransport({ command: process.execPath, args, env: {}, stderr: 'ignore' }))
    expect((await client.listTools()).tools).toEqual(onRecord(server))
    const answer = await client.callTool(FIRST[server] ?? { name: 'clusters_list', arguments: {} })
    expect(answer.structuredContent).toMatchObject({
      error: { code: 'refused', message: expect.stringContaining('--no-platform') },
    })
    await client.close()
  },
)

test.each(OWN_SERVERS)('A20: %s lists the same over HTTP', async (server) => {
  const client = connected()
  const http = await startHttp({ main: mainOf(server), flags: ['--no-platform'], env: {} })
  const requestInit = { headers: { authorization: `Bearer ${http.token}` } }
  await client.connect(new StreamableHTTPClientTransport(http.url, { requestInit }))
  expect((await client.listTools()).tools).toEqual(onRecord(server))
  await client.close()
  await http.stop()
})
