import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { getDefaultEnvironment, StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { ErrorCode, McpError } from '@modelcontextprotocol/sdk/types.js'
import { hashOf, type JsonObject } from '../domain/json.ts'
import { GRANT_META, type GrantSigner } from './grants.ts'
import type { ServerEntries, ServerEntry } from './mcp-servers.ts'
import type { CallOptions, PublishedTool, ServerStatus, ToolAnswer, Toolbox } from './toolbox.ts'

/** Text of a result that is kept at most; a server that bounds its answers never reaches it. */
const MAX_RESULT_BYTES = 256 * 1024
const CONNECT_DEADLINE_MS = 20_000
const MAX_LOG_LINE = 4_000

export interface ToolboxDeps {
  servers: ServerEntries
  signer: GrantSigner
  clock: () => number
  log: { warn(fields: object, message: string): void; info(fields: object, message: string): void }
  /** Compares a server's tools with what is pinned; a sentence sets the server aside. */
  pins: { check(server: string, tools: readonly PublishedTool[]): Promise<string | undefined> }
  /** Added to the environment of servers started here: the path to programs, the cluster's credentials. */
  env: Record<string, string>
}

/** The real toolbox: one client per configured MCP server, connected when first needed and again after it broke. */
export function mcpToolbox(deps: ToolboxDeps): Toolbox {
  const connections = new Map([...deps.servers].map(([name, entry]) => [name, connection(name, entry, deps)]))
  const server = (tool: string) => {
    const dot = tool.indexOf('.')
    return { server: connections.get(tool.slice(0, dot)), local: tool.slice(dot + 1) }
  }
  return {
    async tools() {
      const lists = await Promise.all([...connections.values()].map((one) => one.tools().catch(() => [])))
      return lists.flat()
    },
    async find(tool) {
      const tools = await server(tool)
        .server?.tools()
        .catch(() => [])
      return tools?.find((published) => published.name === tool)
    },
    async call(tool, args, options) {
      const { server: owner, local } = server(tool)
      if (!owner) return no('not_found', `No MCP server is configured for ${tool}.`, Date.now())
      return await owner.call(local, args, options)
    },
    status: () => [...connections.values()].map((one) => one.status()),
    async close() {
      await Promise.all([...connections.values()].map((one) => one.close()))
    },
  }
}

interface Session {
  client: Client
  audience: string | undefined
  tools: PublishedTool[]
  /** Calls under way; a session that is given up is closed after the last of them. */
  calls: number
}

interface Connection {
  tools(): Promise<PublishedTool[]>
  call(tool: string, args: JsonObject, options: CallOptions): Promise<ToolAnswer>
  status(): ServerStatus
  close(): Promise<void>
}

function connection(name: string, entry: ServerEntry, deps: ToolboxDeps): Connection {
  let opening: Promise<Session> | undefined
  let ready: Session | undefined
  let problem: { state: 'unreachable' | 'set_aside'; because: string } | undefined

  async function open(): Promise<Session> {
    const client = new Client({ name: 'watchkeeper', version: '0.1.0' }, { capabilities: {} })
    const forget = () => {
      if (ready?.client === client) ready = undefined
    }
    client.onclose = forget
    try {
      await client.connect(transportFor(name, entry, deps), { timeout: CONNECT_DEADLINE_MS })
      const tools = await listAll(client, name)
      const because = await deps.pins.check(name, tools)
      if (because) {
        await client.close()
        problem = { state: 'set_aside', because }
        throw new Error(because)
      }
      problem = undefined
      ready = { client, audience: audienceOf(client), tools, calls: 0 }
      deps.log.info({ server: name, tools: tools.length }, 'MCP server ready')
      return ready
    } catch (error) {
      if (problem?.state !== 'set_aside')
        problem = { state: 'unreachable', because: error instanceof Error ? error.message : String(error) }
      deps.log.warn({ server: name, because: problem.because }, 'MCP server not usable')
      await client.close().catch(() => {})
      throw error
    }
  }

  function session(): Promise<Session> {
    if (ready) return Promise.resolve(ready)
    opening ??= open().finally(() => {
      opening = undefined
    })
    return opening
  }

  return {
    tools: async () => (await session()).tools,
    async call(tool, args, { deadlineMs, signal, permit }) {
      const started = Date.now()
      const asked = permit?.givenAt ?? deps.clock()
      let open: Session
      try {
        open = await session()
      } catch {
        return no(
          problem?.state ?? 'unreachable',
          `The ${name} server cannot be used: ${problem?.because ?? 'it does not start'}`,
          started,
        )
      }
      const late = permit !== undefined && deps.clock() >= asked + permit.ttlMs
      if (late) return no('unreachable', `The ${name} server was not ready in time, so nothing was sent.`, started)
      // The permit counts from when it was given: however long connecting took, nothing lands after its effect is settled.
      const meta = permit && {
        [GRANT_META]: deps.signer.grant({ permit, tool, args, audience: open.audience ?? '', now: asked }),
      }
      open.calls += 1
      try {
        const answer = await open.client.callTool(
          { name: tool, arguments: { ...args }, ...(meta && { _meta: meta }) },
          undefined,
          {
            timeout: deadlineMs,
            ...(signal && { signal }),
          },
        )
        return toAnswer(answer, started)
      } catch (error) {
        // A server behind HTTP may have restarted, and knows nothing of this session any more.
        if (!(error instanceof McpError) && !signal?.aborted && ready === open) ready = undefined
        return failed(error, name, started)
      } finally {
        open.calls -= 1
        if (ready !== open && open.calls === 0) void open.client.close().catch(() => {})
      }
    },
    status() {
      if (ready) return { server: name, state: 'ready', because: null, tools: ready.tools.length }
      if (opening || !problem) return { server: name, state: 'starting', because: null, tools: 0 }
      return { server: name, state: problem.state, because: problem.because, tools: 0 }
    },
    async close() {
      const open = ready ?? (await opening?.catch(() => undefined))
      await open?.client.close()
    },
  }
}

function transportFor(server: string, entry: ServerEntry, { env, signer, log }: ToolboxDeps) {
  if ('url' in entry)
    return new StreamableHTTPClientTransport(new URL(entry.url), {
      requestInit: { headers: entry.headers, redirect: 'error' },
    })
  const transport = new StdioClientTransport({
    command: entry.command,
    args: entry.args,
    env: { ...getDefaultEnvironment(), ...env, WATCHKEEPER_GRANT_PUBLIC_KEY: signer.publicKey, ...entry.env },
    stderr: 'pipe',
    ...(entry.cwd !== undefined && { cwd: entry.cwd }),
  })
  // Its log belongs into ours: stdout is the protocol's.
  if (transport.stderr instanceof Readable)
    createInterface({ input: transport.stderr }).on('line', (line) => log.info({ server }, line.slice(0, MAX_LOG_LINE)))
  return transport
}

async function listAll(client: Client, server: string): Promise<PublishedTool[]> {
  const tools: PublishedTool[] = []
  let cursor: string | undefined
  do {
    const page = await client.listTools(cursor === undefined ? {} : { cursor }, { timeout: CONNECT_DEADLINE_MS })
    for (const tool of page.tools) {
      const definition = JSON.parse(JSON.stringify(tool)) as JsonObject
      tools.push({ name: `${server}.${tool.name}`, contract: hashOf(definition), definition })
    }
    cursor = page.nextCursor
  } while (cursor !== undefined)
  return tools
}

function audienceOf(client: Client): string | undefined {
  const grants = client.getServerCapabilities()?.experimental?.['watchkeeper/grants']
  return grants && 'audience' in grants && typeof grants.audience === 'string' ? grants.audience : undefined
}

function toAnswer(answer: Awaited<ReturnType<Client['callTool']>>, started: number): ToolAnswer {
  const tookMs = Date.now() - started
  const content = Array.isArray(answer.content) ? answer.content : []
  const text = content.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n')
  const data = (answer.structuredContent ?? {}) as JsonObject
  if (answer.isError === true) {
    const error = (data.error ?? {}) as { code?: unknown; message?: unknown; retryable?: unknown }
    const code = typeof error.code === 'string' ? error.code : 'internal'
    return {
      ok: false,
      code,
      message:
        typeof error.message === 'string'
          ? error.message
          : text.slice(0, 2000) || 'The tool failed and did not say why.',
      retryable: error.retryable === true,
      uncertain: code === 'timeout' || code === 'unreachable' || code === 'internal',
      tookMs,
    }
  }
  if (JSON.stringify(data).length > MAX_RESULT_BYTES)
    return {
      ok: false,
      code: 'too_large',
      message: 'The answer is too large to keep. Ask for less.',
      retryable: false,
      uncertain: true,
      tookMs,
    }
  return {
    ok: true,
    result: data,
    summary: typeof data.summary === 'string' ? data.summary : text.slice(0, 500),
    tookMs,
  }
}

function failed(error: unknown, server: string, started: number): ToolAnswer {
  const tookMs = Date.now() - started
  if (error instanceof McpError && error.code === ErrorCode.RequestTimeout)
    return {
      ok: false,
      code: 'timeout',
      message: `The ${server} server did not answer within ${tookMs} ms.`,
      retryable: true,
      uncertain: true,
      tookMs,
    }
  if (error instanceof McpError && error.code === ErrorCode.InvalidParams)
    return { ok: false, code: 'invalid', message: error.message, retryable: false, uncertain: false, tookMs }
  const message = error instanceof Error ? error.message : String(error)
  return {
    ok: false,
    code: 'unreachable',
    message: `The ${server} server broke off: ${message}`,
    retryable: true,
    uncertain: true,
    tookMs,
  }
}

function no(code: string, message: string, started: number): ToolAnswer {
  return { ok: false, code, message, retryable: true, uncertain: false, tookMs: Date.now() - started }
}
