import { spawn } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { type GrantSigner, grantSigner } from '@watchkeeper/mcp-shared/testing'

export const MAIN = new URL('../src/main.ts', import.meta.url).pathname
export const TOKEN = 'a-token-for-tests-0123456789'

export type Answer = { isError?: boolean; structuredContent: Record<string, unknown>; content: { text: string }[] }

export type Started = {
  client: Client
  signer: GrantSigner
  audience: string
  pid: number
  /** Where etcd_snapshot writes to. */
  snapshots: string
  stderr: () => string
  call(tool: string, args: Record<string, unknown>, meta?: Record<string, unknown>): Promise<Answer>
  /** A grant for exactly this call, in the form `call` takes as `meta`. */
  granted(tool: string, args: Record<string, unknown>, effect?: string): Record<string, unknown>
  stop(): Promise<void>
}

/** The environment in which the server finds a cluster by this talosconfig. */
export function serverEnv(talosconfig: string, signer: GrantSigner) {
  const folder = mkdtempSync(join(tmpdir(), 'mcp-talos-'))
  const path = join(folder, 'talosconfig')
  writeFileSync(path, talosconfig, { mode: 0o600 })
  return {
    PATH: process.env.PATH ?? '',
    TALOSCONFIG: path,
    TALOS_SNAPSHOT_DIR: folder,
    WATCHKEEPER_GRANT_PUBLIC_KEY: signer.publicKey,
    MCP_TOKEN: TOKEN,
  }
}

/** The real server as a process of its own, with the SDK's client on the other end. */
export async function startServer(
  talosconfig: string,
  transport: 'stdio' | 'http',
  flags: string[] = [],
): Promise<Started> {
  const signer = grantSigner()
  const env = serverEnv(talosconfig, signer)
  const client = new Client({ name: 'test', version: '0' })
  const connected = transport === 'stdio' ? await overStdio(client, env, flags) : await overHttp(client, env, flags)
  await client.listTools()
  const grants = client.getServerCapabilities()?.experimental?.['watchkeeper/grants'] as
    | { audience: string }
    | undefined
  const audience = grants?.audience ?? ''
  return {
    ...connected,
    client,
    signer,
    audience,
    snapshots: env.TALOS_SNAPSHOT_DIR,
    async call(name, args, meta) {
      return (await client.callTool({ name, arguments: args, ...(meta ? { _meta: meta } : {}) })) as Answer
    },
    granted: (tool, args, effect) => ({
      'watchkeeper/grant': signer.grant({ tool, arguments: args, audience, ...(effect ? { effect } : {}) }),
    }),
  }
}

async function overStdio(client: Client, env: Record<string, string>, flags: string[]) {
  const transport = new StdioClientTransport({ command: process.execPath, args: [MAIN, ...flags], env, stderr: 'pipe' })
  let text = ''
  transport.stderr?.on('data', (chunk) => {
    text += String(chunk)
  })
  await client.connect(transport)
  return { pid: transport.pid ?? 0, stderr: () => text, stop: () => client.close() }
}

async function overHttp(client: Client, env: Record<string, string>, flags: string[]) {
  const child = spawn(process.execPath, [MAIN, '--http', '127.0.0.1:0', ...flags], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  let text = ''
  const url = await new Promise<URL>((resolve, reject) => {
    child.once('exit', () => reject(new Error(text)))
    child.stderr.on('data', (chunk) => {
      text += String(chunk)
      const found = /"transport":"(http[^"]+)"/.exec(text)?.[1]
      if (found) resolve(new URL(found))
    })
  })
  await client.connect(
    new StreamableHTTPClientTransport(url, { requestInit: { headers: { authorization: `Bearer ${TOKEN}` } } }),
  )
  return {
    pid: child.pid ?? 0,
    stderr: () => text,
    async stop() {
      await client.close()
      child.kill('SIGTERM')
      await ended
    },
  }
}
