import { spawn } from 'node:child_process'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { startHttp } from '../../../test/bench/servers/start-http.ts'

export type ProcessAnswer = {
  isError?: boolean
  structuredContent: Record<string, unknown>
  content: { text: string }[]
}

export type ServerProcess = {
  client: Client
  pid: number
  call(tool: string, args: Record<string, unknown>): Promise<ProcessAnswer>
  stop(): Promise<void>
}

/** The real server as a process of its own, with the SDK's client on the other end. */
export async function startServer(
  main: string,
  transport: 'stdio' | 'http',
  env: Record<string, string>,
): Promise<ServerProcess> {
  const client = new Client({ name: 'test', version: '0' })
  const connected = transport === 'stdio' ? await overStdio(client, main, env) : await overHttp(client, main, env)
  return {
    ...connected,
    client,
    call: async (name, args) => (await client.callTool({ name, arguments: args })) as ProcessAnswer,
  }
}

async function overStdio(client: Client, main: string, env: Record<string, string>) {
  const transport = new StdioClientTransport({ command: process.execPath, args: [main], env, stderr: 'ignore' })
  await client.connect(transport)
  return { pid: transport.pid ?? 0, stop: () => client.close() }
}

async function overHttp(client: Client, main: string, env: Record<string, string>) {
  const { url, token, pid, stop } = await startHttp({ main, flags: [], env })
  const requestInit = { headers: { authorization: `Bearer ${token}` } }
  await client.connect(new StreamableHTTPClientTransport(url, { requestInit }))
  return {
    pid,
    async stop() {
      await client.close()
      await stop()
    },
  }
}

/** The server without a client: for what is raw on its streams, and how it ends. */
export function startRaw(main: string, env: Record<string, string>, flags: readonly string[] = []) {
  const child = spawn(process.execPath, [main, ...flags], { env, stdio: ['pipe', 'pipe', 'pipe'] })
  const out = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk) => {
    out.stdout += String(chunk)
  })
  child.stderr.on('data', (chunk) => {
    out.stderr += String(chunk)
  })
  const exit = new Promise<number | null>((resolve) => child.once('exit', resolve))
  const send = (message: object) => child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
  return { child, out, exit, send }
}

export const initialize = {
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'raw', version: '0' } },
}
