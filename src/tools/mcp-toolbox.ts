import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { getDefaultEnvironment, StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { StreamableHTTPClientTransport, StreamableHTTPError } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { ErrorCode, McpError, ToolListChangedNotificationSchema } from '@modelcontextprotocol/sdk/types.js'
import { hashOf, type JsonObject } from '../domain/json.ts'
import type { ContractPins } from './contract-pins.ts'
import { foreignServer } from './foreign-server.ts'
import { GRANT_META, type GrantSigner } from './grants.ts'
import type { ServerEntries, ServerEntry } from './mcp-servers.ts'
import { STARTED_BY } from './server-entries.ts'
import { codeOf, messageOf, SetAside, unreached } from './server-errors.ts'
import { bounded, kept, no, toAnswer } from './tool-answers.ts'
import type { CallOptions, PublishedTool, ServerStatus, ToolAnswer, Toolbox } from './toolbox.ts'

const CONNECT_DEADLINE_MS = 20_000
const MAX_LOG_LINE = 4_000
const MAX_FIRST_LINES = 20
/** How long the log of a server that ended is waited for. */
const LAST_WORDS_MS = 1_000
/** How often a server may change its tools while they are read. */
const MAX_LOOKS = 5

export interface ToolboxDeps {
  servers: ServerEntries
  /** Names of servers that are switched off, so that a call of one is told why it is not there. */
  disabled?: ReadonlySet<string>
  signer: GrantSigner
  clock: () => number
  log: { warn(fields: object, message: string): void; info(fields: object, message: string): void }
  /** Compares a server's tools with what is pinned; a sentence sets the server aside. */
  pins: ContractPins
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
      if (!owner) return no('not_found', absent(tool, deps.disabled), Date.now())
      return await owner.call(local, args, options)
    },
    status: () => [...connections.values()].map((one) => one.status()),
    async close() {
      await Promise.all([...connections.values()].map((one) => one.close()))
    },
  }
}

/** The same sentence for every tool of a server, so that a card says it once. */
function absent(tool: string, disabled?: ReadonlySet<string>): string {
  const [server = tool] = tool.split('.')
  if (disabled?.has(server)) return `There are no tools for ${server} here: its entry in MCP_SERVERS_FILE is disabled.`
  const variable = Object.hasOwn(STARTED_BY, server) ? STARTED_BY[server] : undefined
  return `There are no tools for ${server} here: ${variable ? `set ${variable}` : 'name the server in MCP_SERVERS_FILE'}.`
}

interface Session {
  client: Client
  audience: string | undefined
  tools: PublishedTool[]
  /** Calls under way; a session that is given up is closed after the last of them. */
  calls: number
}

/** A call on its way; `asked` is when its permit was given, by the clock of the agent. */
interface Sent {
  tool: string
  args: JsonObject
  options: CallOptions
  started: number
  asked: number
}

interface Connection {
  tools(): Promise<PublishedTool[]>
  call(tool: string, args: JsonObject, options: CallOptions): Promise<ToolAnswer>
  status(): ServerStatus
  close(): Promise<void>
}

function connection(name: string, entry: ServerEntry, deps: ToolboxDeps): Connection {
  let opening: Promise<Session> | undefined
  /** The server has said that its tools are others now, and they have not been read since. */
  let stale = false
  let ready: Session | undefined
  let problem: { state: 'unreachable' | 'set_aside'; because: string } | undefined

  async function open(): Promise<Session> {
    const client = new Client({ name: 'watchkeeper', version: '0.1.0' }, { capabilities: {} })
    const said: Said = { lines: [], heard: Promise.resolve() }
    const forget = () => {
      if (ready?.client === client) ready = undefined
    }
    client.onclose = forget
    client.setNotificationHandler(ToolListChangedNotificationSchema, () => {
      stale = true
      if (ready?.client === client && !opening) during(lookAgain(ready)).catch(() => {})
    })
    try {
      await client.connect(transportFor(name, entry, deps, said), { timeout: CONNECT_DEADLINE_MS })
      const tools = await settled(client)
      ready = { client, audience: entry.declared ? undefined : audienceOf(client), tools, calls: 0 }
      problem = undefined
      deps.log.info({ server: name, tools: tools.length }, 'MCP server ready')
      return ready
    } catch (error) {
      await client.close().catch(() => {})
      throw giveUp(error, entry.declared ? undefined : await whyNotStarted(said))
    }
  }

  /** The tools as they are once the server stops saying that they are others now. */
  async function settled(client: Client): Promise<PublishedTool[]> {
    for (let look = 0; look < MAX_LOOKS; look++) {
      stale = false
      const tools = await usable(client)
      if (!stale) return tools
    }
    throw new SetAside('it changes its tools faster than they can be read')
  }

  /** The tools that may be used, checked against what was accepted. Throws SetAside where they may not. */
  async function usable(client: Client): Promise<PublishedTool[]> {
    const all = await listAll(client, name)
    const { declared } = entry
    if (!declared && audienceOf(client) === undefined)
      throw new SetAside(
        `it is named like a server of Watchkeeper and is none, for it knows no grants. Give it another name, and declare its tools under watchkeeper.servers in the file of MCP servers`,
      )
    const tools = declared ? all.filter((tool) => declared.has(localName(tool))) : all
    const there = declared && { there: new Set(all.map((tool) => tool.name)) }
    const because = await deps.pins.check(name, { tools, ...there })
    if (because) throw new SetAside(because)
    for (const tool of declared?.keys() ?? [])
      if (!tools.some((one) => localName(one) === tool))
        deps.log.warn({ server: name, tool }, 'declared, but not there')
    return tools
  }

  /** The server says that its tools are others now: nothing is called until they have been read and compared. */
  async function lookAgain(open: Session): Promise<Session> {
    try {
      open.tools = await settled(open.client)
      deps.log.info({ server: name, tools: open.tools.length }, 'MCP server changed its tools')
      return open
    } catch (error) {
      if (ready === open) ready = undefined
      if (open.calls === 0) await open.client.close().catch(() => {})
      throw giveUp(error)
    }
  }

  function giveUp(error: unknown, reason?: string): Error {
    const said = reason ?? unreached(error, entry) ?? messageOf(error, entry)
    const because = bounded(said)
    problem = { state: error instanceof SetAside ? 'set_aside' : 'unreachable', because }
    deps.log.warn({ server: name, because }, 'MCP server not usable')
    return new Error(because, { cause: error })
  }

  function session(): Promise<Session> {
    // While its tools are read again, a server that is ready is waited for too.
    if (ready && !opening) return Promise.resolve(ready)
    return opening ?? during(open())
  }

  function during(work: Promise<Session>): Promise<Session> {
    opening = work.finally(() => {
      opening = undefined
    })
    return opening
  }

  /** `forgotten`: the session that the server did not know any more when this was first sent. */
  async function send(sent: Sent, forgotten?: Session): Promise<ToolAnswer> {
    const { tool, args, started, asked } = sent
    const { deadlineMs, signal, permit } = sent.options
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
    if (forgotten && isChange(sent) && contractIn(open, tool) !== contractIn(forgotten, tool))
      return no('conflict', `${name}.${tool} has changed since it was last looked at.`, started)
    const late = permit !== undefined && deps.clock() >= asked + permit.ttlMs
    if (late) return no('unreachable', `The ${name} server was not ready in time, so nothing was sent.`, started)
    // The permit counts from when it was given: however long connecting took, nothing lands after its effect is settled.
    const meta = permit &&
      open.audience !== undefined && {
        [GRANT_META]: deps.signer.grant({ permit, tool, args, audience: open.audience, now: asked }),
      }
    // What the answer brings may be another session: what counts is the one that the call itself is sent in.
    const inSession = open.client.transport?.sessionId !== undefined
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
      return toAnswer(answer, { started, foreign: entry.declared !== undefined })
    } catch (error) {
      // A server behind HTTP may have restarted, and knows nothing of this session any more.
      if (!(error instanceof McpError) && !signal?.aborted && ready === open) ready = undefined
      const changing = permit !== undefined
      // Somebody else's answer may be a gateway's, and after a change nobody could look: such a call is sent once, whatever is said of it.
      const unread = isNotFound(error) && inSession && !(changing && entry.declared)
      if (unread && !forgotten && !signal?.aborted) return await send(sent, open)
      return failed(error, name, { entry, started, changing, unread })
    } finally {
      open.calls -= 1
      if (ready !== open && open.calls === 0) void open.client.close().catch(() => {})
    }
  }

  const calls = {
    tools: async () => (await session()).tools,
    async call(tool: string, args: JsonObject, options: CallOptions): Promise<ToolAnswer> {
      const asked = options.permit?.givenAt ?? deps.clock()
      return kept(await send({ tool, args, options, started: Date.now(), asked }))
    },
  }
  return {
    ...(entry.declared ? foreignServer(name, entry.declared, calls) : calls),
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

/** Whether it is, or rehearses, a change: what is sent for one is what its tool was when people saw it. */
function isChange({ args, options }: Sent): boolean {
  return options.permit !== undefined || args.dry_run === true
}

function contractIn({ tools }: Session, tool: string): string | undefined {
  return tools.find((published) => localName(published) === tool)?.contract
}

/**
 * To a call that was sent in a session, this is how a server refuses the session itself that has restarted or has not heard of us for
 * long: then it has not read the call, nothing ran, and a new session is to be opened (MCP, Streamable HTTP, session management). To a
 * call without a session it says nothing of the kind: a server, or a gateway before it, may answer so after the call has run.
 */
function isNotFound(error: unknown): boolean {
  return error instanceof StreamableHTTPError && error.code === 404
}

function localName({ name }: PublishedTool): string {
  return name.slice(name.indexOf('.') + 1)
}

/** The first lines a server started here wrote to its log; `heard` resolves when it has ended and all was read. */
interface Said {
  lines: string[]
  heard: Promise<void>
}

/** What one of our servers says before it ends when it cannot start: a line that says so, and one for each problem. */
async function whyNotStarted({ lines, heard }: Said): Promise<string | undefined> {
  await Promise.race([heard, pause(LAST_WORDS_MS, undefined, { ref: false })])
  const at = lines.findIndex((line) => line.endsWith(' cannot start:'))
  const problems = at < 0 ? [] : lines.slice(at + 1).flatMap((line) => (line.startsWith('- ') ? [line.slice(2)] : []))
  return problems.length > 0 ? problems.join(' ') : undefined
}

function transportFor(server: string, entry: ServerEntry, { env, signer, log }: ToolboxDeps, said: Said) {
  if ('url' in entry)
    return new StreamableHTTPClientTransport(new URL(entry.url), {
      requestInit: { headers: entry.headers, redirect: 'error' },
    })
  const transport = new StdioClientTransport({
    command: entry.command,
    args: entry.args,
    env: {
      ...getDefaultEnvironment(),
      ...(entry.declared ? {} : { ...env, WATCHKEEPER_GRANT_PUBLIC_KEY: signer.publicKey }),
      ...entry.env,
    },
    stderr: 'pipe',
    ...(entry.cwd !== undefined && { cwd: entry.cwd }),
  })
  // Its log belongs into ours: stdout is the protocol's.
  if (transport.stderr instanceof Readable) {
    const lines = createInterface({ input: transport.stderr }).on('line', (line) => {
      log.info({ server }, line.slice(0, MAX_LOG_LINE))
      if (said.lines.length < MAX_FIRST_LINES) said.lines.push(line.slice(0, MAX_LOG_LINE))
    })
    said.heard = new Promise((resolve) => lines.once('close', () => resolve()))
  }
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

function failed(
  error: unknown,
  server: string,
  { entry, started, changing, unread }: { entry: ServerEntry; started: number; changing: boolean; unread: boolean },
): ToolAnswer {
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
  // A refusal of the arguments has this code, and so has an answer that does not fit the tool's output schema: the SDK holds it
  // against that after the call, on this side and, in older servers, on theirs. By then the change has taken place.
  if (error instanceof McpError && error.code === ErrorCode.InvalidParams)
    return { ok: false, code: 'invalid', message: error.message, retryable: false, uncertain: changing, tookMs }
  return {
    ok: false,
    code: 'unreachable',
    message: `The ${server} server broke off: ${messageOf(error, entry)}${codeOf(error) === undefined ? '' : ` (${codeOf(error)})`}`,
    retryable: true,
    uncertain: !unread,
    tookMs,
  }
}
