import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'
import { Server } from '@modelcontextprotocol/sdk/server/index.js'
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js'
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import { CallToolRequestSchema, ErrorCode, ListToolsRequestSchema, McpError } from '@modelcontextprotocol/sdk/types.js'
import type { HttpConfig, ServerConfig } from './config.ts'
import { ConfigurationError } from './errors.ts'
import { openSessions } from './sessions.ts'
import { openToolset, type ServerDefinition, type Toolset } from './toolset.ts'

const MAX_SESSIONS = 256
const DRAIN = 5_000

export type ServeOptions = {
  config: ServerConfig
  stdin: Readable
  stdout: Writable
  stderr: Writable
  /** Unix milliseconds. */
  now: () => number
}

export type RunningServer = {
  /** The address of the MCP endpoint; undefined over stdio. */
  url: string | undefined
  audience: string
  /** Resolves when the server has stopped, by itself or by `stop`. */
  closed: Promise<void>
  /** Takes no new calls, lets those in hand finish for up to 5 s, then aborts them. */
  stop(reason: string): Promise<void>
}

/**
 * Serves a definition over stdio, or over Streamable HTTP when configured. This file is the only one that knows the MCP SDK.
 *
 * The low-level `Server` is used because a grant covers the arguments exactly as they were sent, and because the
 * schemas published are zod's own. Over stdio the end of stdin aborts every call, which the SDK does not do by itself.
 */
export async function serve<Port>(definition: ServerDefinition<Port>, options: ServeOptions): Promise<RunningServer> {
  const toolset = openToolset(definition, options)
  const running = options.config.http
    ? await serveHttp(definition, toolset, options.config.http)
    : await serveStdio(definition, toolset, options)
  toolset.log('info', 'serving', {
    transport: running.url ?? 'stdio',
    tools: toolset.list.length,
    audience: toolset.audience,
  })
  return running
}

type About = Pick<ServerDefinition<unknown>, 'name' | 'title' | 'version' | 'instructions'>

/** Connects one client's session to a toolset over any transport. */
export async function openSession(about: About, toolset: Toolset, transport: Transport): Promise<Server> {
  const { name, title, version, instructions } = about
  const experimental = { 'watchkeeper/grants': { audience: toolset.audience, required: true } }
  const server = new Server({ name, title, version }, { capabilities: { tools: {}, experimental }, instructions })
  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: [...toolset.list] }))
  server.setRequestHandler(CallToolRequestSchema, async ({ params }, { signal, sendNotification, _meta }) => {
    const token = _meta?.progressToken
    const result = await toolset.call({
      name: params.name,
      arguments: params.arguments ?? {},
      meta: _meta ?? {},
      signal,
      progress(progress, total, message) {
        if (token === undefined) return
        const optional = { ...(total === undefined ? {} : { total }), ...(message === undefined ? {} : { message }) }
        const notification = { progressToken: token, progress, ...optional }
        // Progress is a courtesy: a client that went away must not fail the work.
        sendNotification({ method: 'notifications/progress', params: notification }).catch(() => {})
      },
    })
    if (!result)
      throw new McpError(ErrorCode.InvalidParams, `This server has no tool "${params.name}"; tools/list has them.`)
    return { ...result }
  })
  server.onerror = (error) => toolset.log('warn', 'protocol error', { error: error.message })
  await server.connect(transport)
  return server
}

async function serveStdio(about: About, toolset: Toolset, { stdin, stdout }: ServeOptions): Promise<RunningServer> {
  const server = await openSession(about, toolset, new StdioServerTransport(stdin, stdout))
  const closed = Promise.withResolvers<void>()
  const end = stopOnce(toolset, async () => {
    await server.close()
    closed.resolve()
  })
  for (const event of ['end', 'close'] as const) stdin.once(event, () => end('its client closed stdin', 0))
  stdout.on('error', () => end('its client closed stdout', 0))
  return { url: undefined, audience: toolset.audience, closed: closed.promise, stop: (reason) => end(reason, DRAIN) }
}

type Session = { server: Server; transport: WebStandardStreamableHTTPServerTransport }

async function serveHttp(about: About, toolset: Toolset, config: HttpConfig): Promise<RunningServer> {
  // Loaded only here: a stdio server, which an agent starts by the handful, does without their memory.
  const [{ createAdaptorServer }, { httpApp }, { callMetrics }] = await Promise.all([
    import('@hono/node-server'),
    import('./http-app.ts'),
    import('./metrics.ts'),
  ])
  const sessions = openSessions<Session>(() => performance.now())
  const metrics = callMetrics(sessions.count)
  toolset.watch(metrics.observe)
  let stopping = false
  let port = config.port

  async function open(): Promise<Session> {
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => {
        sessions.add(id, session)
      },
      onsessionclosed: (id) => {
        sessions.delete(id)
      },
    })
    const own: Toolset = {
      ...toolset,
      call: (request) => sessions.during(transport.sessionId, () => toolset.call(request)),
    }
    const server = await openSession(about, own, transport)
    const session: Session = { server, transport }
    server.onclose = () => {
      if (transport.sessionId) sessions.delete(transport.sessionId)
    }
    return session
  }

  async function handle(request: Request): Promise<Response> {
    const id = request.headers.get('mcp-session-id')
    const known = id === null ? undefined : sessions.find(id)
    if (known) return known.transport.handleRequest(request)
    // As the specification wants it: this status is what makes a client open a new session.
    if (id !== null) return rpcError(404, 'This session is not known here; initialize a new one.')
    if (request.method !== 'POST') return rpcError(400, 'Initialize a session first.')
    if (stopping || sessions.count() >= MAX_SESSIONS) return rpcError(503, 'No further session can be opened now.')
    const session = await open()
    const response = await session.transport.handleRequest(request)
    if (!session.transport.sessionId) await session.server.close()
    return response
  }

  const app = httpApp({ config, metrics, handle, healthy: () => !stopping, port: () => port })
  const http = createAdaptorServer({ fetch: app.fetch, hostname: config.host })
  http.listen(config.port, config.host)
  await once(http, 'listening').catch((error: unknown) => {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'failed'
    throw new ConfigurationError([
      `--http: cannot listen on ${config.host}:${config.port} (${code}). Choose another address.`,
    ])
  })
  const address = http.address()
  if (address !== null && typeof address === 'object') port = address.port
  const sweep = setInterval(() => {
    for (const { server } of sessions.idle()) void server.close()
  }, 60_000).unref()

  const closed = Promise.withResolvers<void>()
  const end = stopOnce(toolset, async () => {
    clearInterval(sweep)
    http.close()
    await Promise.allSettled(sessions.all().map(({ server }) => server.close()))
    if ('closeAllConnections' in http) http.closeAllConnections()
    closed.resolve()
  })
  const stop = (reason: string) => {
    stopping = true
    return end(reason, DRAIN)
  }
  const host = config.host.includes(':') ? `[${config.host}]` : config.host
  return { url: `http://${host}:${port}/mcp`, audience: toolset.audience, closed: closed.promise, stop }
}

/** Ends once, however often it is asked: waits up to the shortest `drain` (ms) asked for, aborts what is left, then closes. */
function stopOnce(toolset: Toolset, close: () => Promise<void>): (reason: string, drain: number) => Promise<void> {
  let ending: Promise<void> | undefined
  let late = Number.POSITIVE_INFINITY
  async function end(reason: string): Promise<void> {
    toolset.log('info', 'stopping', { reason, calls: toolset.busy() })
    while (toolset.busy() > 0 && performance.now() < late) await new Promise((resolve) => setTimeout(resolve, 20))
    await toolset.stop(reason)
    await close()
  }
  return (reason, drain) => {
    late = Math.min(late, performance.now() + drain)
    ending ??= end(reason)
    return ending
  }
}

function rpcError(status: number, message: string): Response {
  return Response.json({ jsonrpc: '2.0', id: null, error: { code: -32_000, message } }, { status })
}
