import { request } from 'node:http'
import { PassThrough } from 'node:stream'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { afterEach, expect, test, vi } from 'vitest'
import { parseConfig } from '../src/config.ts'
import { type RunningServer, serve } from '../src/serve.ts'
import { hangingPort } from './hanging-port.ts'
import { type Lamp, lamp, look, turn } from './toy.ts'

const TOKEN = 'a-token-for-tests-0123456789'
const started: RunningServer[] = []

afterEach(async () => {
  vi.useRealTimers()
  for (const server of started.splice(0)) await server.stop('the test ended')
})

async function start(port: Lamp = lamp().port, flags: string[] = []) {
  const { config } = parseConfig(['--http', '127.0.0.1:0', ...flags], { MCP_TOKEN: TOKEN })
  const definition = {
    name: 'test',
    title: 'Test',
    version: '0',
    instructions: '',
    tools: [look, turn],
    ports: new Map([['one', port]]),
  }
  const stderr = new PassThrough().resume()
  const server = await serve(definition, {
    config,
    stdin: new PassThrough(),
    stdout: new PassThrough(),
    stderr,
    now: Date.now,
  })
  started.push(server)
  return new URL(server.url ?? '')
}

async function connect(url: URL) {
  const client = new Client({ name: 'test', version: '0' })
  const transport = new StreamableHTTPClientTransport(url, {
    requestInit: { headers: { authorization: `Bearer ${TOKEN}` } },
  })
  await client.connect(transport)
  return { client, transport }
}

/** fetch() sets Host itself, so the checks are tried with a plain request. */
function post(url: URL, headers: Record<string, string>, body: string | null = '{}'): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      { method: 'POST', headers: { 'content-type': 'application/json', ...headers } },
      (response) => {
        response.resume()
        resolve(response.statusCode ?? 0)
        if (body === null) sent.destroy()
      },
    )
    sent.on('error', reject)
    if (body === null) sent.write('x')
    else sent.end(body)
  })
}

test('a client lists and calls tools over a session of its own', async () => {
  const url = await start()
  const { client, transport } = await connect(url)
  expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(['look', 'turn', 'probe_effect'])
  expect((await client.callTool({ name: 'look', arguments: {} })).structuredContent).toMatchObject({ on: false })
  expect(transport.sessionId).toBeDefined()
})

test('requests without the token, from other hosts and other origins are refused', async () => {
  const url = await start()
  const authorization = `Bearer ${TOKEN}`
  expect(await post(url, {})).toBe(401)
  expect(await post(url, { authorization: 'Bearer wrong' })).toBe(401)
  expect(await post(url, { authorization: `Basic ${TOKEN}` })).toBe(401)
  expect(await post(url, { authorization, host: 'evil.example' })).toBe(403)
  expect(await post(url, { authorization, host: '127.0.0.1:1' })).toBe(403)
  expect(await post(url, { authorization, origin: 'https://evil.example' })).toBe(403)
  expect(await post(url, { authorization, origin: 'null' })).toBe(403)
  expect(await post(url, { authorization, origin: url.origin })).not.toBe(403)
})

test('a host that is allowed by name is answered', async () => {
  const url = await start(lamp().port, ['--allow-host', 'mcp.watch.svc'])
  expect(await post(url, { authorization: `Bearer ${TOKEN}`, host: 'mcp.watch.svc:8080' })).not.toBe(403)
})

test('a body over 1 MiB and more requests than allowed are refused', async () => {
  const url = await start(lamp().port, ['--rate-limit', '60'])
  const authorization = `Bearer ${TOKEN}`
  // Only its beginning is sent: the length it declares is enough to refuse it.
  expect(await post(url, { authorization, 'content-length': '1100000' }, null)).toBe(413)
  const statuses = await Promise.all(Array.from({ length: 15 }, () => post(url, { authorization })))
  expect(statuses).toContain(429)
})

test('health and metrics are open, and count the calls', async () => {
  const url = await start()
  const { client } = await connect(url)
  await client.callTool({ name: 'look', arguments: {} })
  expect(await (await fetch(new URL('/healthz', url))).text()).toBe('ok\n')
  const metrics = await (await fetch(new URL('/metrics', url))).text()
  expect(metrics).toContain('watchkeeper_mcp_calls_total{tool="look",effect="read",code="ok"} 1')
  expect(metrics).toContain('watchkeeper_mcp_sessions 1')
})

test('a session that is not known, or no longer, is answered 404 with an error of JSON-RPC, and a new one can be opened', async () => {
  const url = await start()
  const { client, transport } = await connect(url)
  const ended = transport.sessionId ?? ''
  await transport.terminateSession()
  await client.close()
  for (const id of ['never-opened', ended])
    for (const method of ['POST', 'GET', 'DELETE']) {
      const headers = {
        authorization: `Bearer ${TOKEN}`,
        'mcp-session-id': id,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
      }
      const body = method === 'POST' ? JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' }) : null
      const answer = await fetch(url, { method, headers, body })
      expect(answer.status, `${method} ${id}`).toBe(404)
      expect(await answer.json()).toEqual({
        jsonrpc: '2.0',
        id: null,
        error: { code: -32_000, message: 'This session is not known here; initialize a new one.' },
      })
    }
  expect((await (await connect(url)).client.listTools()).tools).toHaveLength(3)
})

test('a session with a call under way is kept, and half an hour after its end it is swept', async () => {
  // What the sweep goes by; the client and the wire keep the real time.
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] })
  const { port } = lamp()
  const asked = Promise.withResolvers<void>()
  const read = Promise.withResolvers<{ on: boolean; marks: string[] }>()
  const url = await start({
    ...port,
    read() {
      asked.resolve()
      return read.promise
    },
  })
  const { client } = await connect(url)
  const call = client.callTool({ name: 'look', arguments: {} })
  await asked.promise
  vi.advanceTimersByTime(32 * 60_000)
  read.resolve({ on: true, marks: [] })
  expect((await call).structuredContent).toMatchObject({ on: true })
  vi.advanceTimersByTime(32 * 60_000)
  await expect(client.callTool({ name: 'look', arguments: {} })).rejects.toThrow('initialize a new one')
})

test('a cancelled request finds its call, and so does the end of its session', async () => {
  for (const end of ['cancel', 'session'] as const) {
    const { port, called, aborted } = hangingPort<Lamp>({ name: 'one' })
    const { client, transport } = await connect(await start(port))
    const stop = new AbortController()
    const call = client
      .callTool({ name: 'look', arguments: {} }, undefined, { signal: stop.signal })
      .catch(() => 'ended')
    await called
    if (end === 'cancel') stop.abort()
    else await transport.terminateSession()
    await aborted
    await client.close()
    await call
  }
})

test('a server that stops lets no call outlive it', async () => {
  const { port, called, aborted } = hangingPort<Lamp>({ name: 'one' })
  const { client } = await connect(await start(port, ['--call-timeout', '1']))
  const call = client.callTool({ name: 'look', arguments: {} })
  await called
  const stopped = started[0]?.stop('SIGTERM')
  await aborted
  expect((await call).structuredContent).toMatchObject({ error: { code: 'timeout' } })
  await stopped
})
