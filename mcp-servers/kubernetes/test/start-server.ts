import { spawn } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { type GrantSigner, grantSigner } from '@watchkeeper/mcp-shared/testing'
import type { Role } from '../../../test/simulators/kubernetes/access.ts'
import type { SimulatedCluster } from '../../../test/simulators/kubernetes/cluster.ts'

export const MAIN = new URL('../src/main.ts', import.meta.url).pathname
export const TOKEN = 'a-token-for-tests-0123456789'

export type Started = {
  client: Client
  signer: GrantSigner
  audience: string
  pid: number
  stderr: () => string
  call(tool: string, args: Record<string, unknown>, meta?: Record<string, unknown>): Promise<Answer>
  /** A grant for exactly this call, in the form `call` takes as `meta`. */
  granted(tool: string, args: Record<string, unknown>, effect?: string): Record<string, unknown>
  stop(): Promise<void>
}

export type Answer = { isError?: boolean; structuredContent: Record<string, unknown>; content: { text: string }[] }

export type EnvOptions = {
  credential?: 'token' | 'certificate'
  /** Clusters beside the first. */
  others?: readonly SimulatedCluster[]
  /** Whose credential reads: the reader's, unless a test wants to see what only masking keeps back. */
  reader?: Role
}

/** The environment in which the server finds simulated clusters. */
export function serverEnv(
  cluster: SimulatedCluster,
  signer: GrantSigner,
  { credential = 'token', others = [], reader = 'reader' }: EnvOptions = {},
) {
  const folder = mkdtempSync(join(tmpdir(), 'mcp-kubernetes-'))
  const files = (role: Role) => {
    const paths = [cluster, ...others].map((one, at) => {
      const path = join(folder, `${role}-${at}.yaml`)
      writeFileSync(path, one.kubeconfig(role, credential), { mode: 0o600 })
      return path
    })
    return paths.join(':')
  }
  return {
    PATH: process.env.PATH ?? '',
    KUBECONFIG: files(reader),
    KUBECONFIG_OPERATOR: files('operator'),
    WATCHKEEPER_GRANT_PUBLIC_KEY: signer.publicKey,
    MCP_TOKEN: TOKEN,
  }
}

/** The real server as a process of its own, with the SDK's client on the other end. */
export async function startServer(
  cluster: SimulatedCluster,
  transport: 'stdio' | 'http',
  flags: string[] = [],
  options: Omit<EnvOptions, 'credential'> = {},
): Promise<Started> {
  const signer = grantSigner()
  const env = serverEnv(cluster, signer, { ...options, credential: transport === 'stdio' ? 'token' : 'certificate' })
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
