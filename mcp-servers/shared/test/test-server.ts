import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js'
import type { CallResult } from '../src/call.ts'
import { parseConfig } from '../src/config.ts'
import type { Tool } from '../src/define-tool.ts'
import { openSession } from '../src/serve.ts'
import { openToolset } from '../src/toolset.ts'
import { type GrantSigner, grantSigner } from './grant-signer.ts'

type CallOptions = {
  /** `true`: sign one for exactly this call. A string: send this one. */
  grant?: true | string
  effect?: string
  signal?: AbortSignal
}

export type TestServer = {
  client: Client
  signer: GrantSigner
  audience: string
  /** Calls through the real protocol, client and schemas included. */
  call(tool: string, args: Record<string, unknown>, options?: CallOptions): Promise<CallResult>
  /** Every line the server wrote to stderr, parsed. */
  lines(): Record<string, unknown>[]
  /** Stops the toolset, as the end of stdin does. */
  stop(): Promise<void>
}

/** A server of these tools over an in-memory transport, with a signer whose grants it accepts. */
export async function testServer<Port>(
  tools: readonly Tool<Port>[],
  ports: Record<string, Port>,
  { flags = [] as string[], now = Date.now as () => number, keyed = true, validating = true } = {},
): Promise<TestServer> {
  const signer = grantSigner(now)
  const env = keyed ? { WATCHKEEPER_GRANT_PUBLIC_KEY: signer.publicKey } : {}
  const { config } = parseConfig(flags, env)
  const written: string[] = []
  const stderr = { write: (text: string) => written.push(text) }
  const about = { name: 'test-server', title: 'Test server', version: '0.0.0', instructions: 'For tests.' }
  const toolset = openToolset({ ...about, tools, ports: new Map(Object.entries(ports)) }, { config, stderr, now })
  const [near, far] = InMemoryTransport.createLinkedPair()
  await openSession(about, toolset, far)
  const client = new Client({ name: 'test-client', version: '0.0.0' })
  await client.connect(near)
  // The client checks answers against the published schemas only once it has seen them, which costs it 100 ms.
  if (validating) await client.listTools()
  return {
    client,
    signer,
    audience: toolset.audience,
    async call(tool, args, { grant, effect, signal } = {}) {
      const parts = { tool, arguments: args, audience: toolset.audience, ...(effect ? { effect } : {}) }
      const text = grant === true ? signer.grant(parts) : grant
      const _meta = text === undefined ? {} : { _meta: { 'watchkeeper/grant': text } }
      const result = await client.callTool(
        { name: tool, arguments: args, ..._meta },
        undefined,
        signal ? { signal } : {},
      )
      return result as CallResult
    },
    lines: () =>
      written
        .flatMap((text) => text.split('\n'))
        .filter(Boolean)
        .map((line) => JSON.parse(line)),
    stop: () => toolset.stop('the test ended it'),
  }
}
