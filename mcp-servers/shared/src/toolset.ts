import { randomUUID } from 'node:crypto'
import { auditTo } from './audit.ts'
import { type CallRequest, type CallResult, callTool, type Observer } from './call.ts'
import { catalogOf, type PublishedTool } from './catalog.ts'
import type { ServerConfig } from './config.ts'
import type { Tool } from './define-tool.ts'
import { UpstreamError } from './errors.ts'
import { grantDesk } from './grants.ts'
import { jsonLog, type Log, type Writable } from './log.ts'
import { maskInOrder } from './mask.ts'

/** What one MCP server is: its name, its tools and its platform, by cluster name (the first is the default). */
export type ServerDefinition<Port> = {
  name: string
  title: string
  version: string
  /** For the model that uses the server: what it is for, in a few sentences. */
  instructions: string
  tools: readonly Tool<Port>[]
  ports: ReadonlyMap<string, Port>
  /** Makes what cuts secrets out of the texts of one answer: the kit's own, unless a test wants to see that it is needed. */
  mask?: () => (text: string) => string
}

/** A server's tools ready to be called, without a transport: sessions share it, and with it the grants that were spent. */
export type Toolset = {
  readonly audience: string
  readonly list: readonly PublishedTool[]
  readonly log: Log
  /** Undefined for an unknown tool. Never throws. */
  call(request: CallRequest): Promise<CallResult | undefined>
  /** Calls in hand. */
  busy(): number
  /** Aborts every call in hand and resolves when they have ended. */
  stop(reason: string): Promise<void>
  watch(observer: Observer): void
}

export type ToolsetOptions = { config: ServerConfig; stderr: Writable; now: () => number }

export function openToolset<Port>(
  definition: ServerDefinition<Port>,
  { config, stderr, now }: ToolsetOptions,
): Toolset {
  const { name, tools, ports } = definition
  const catalog = catalogOf(tools, [...ports.keys()], config.readOnly)
  const audience = randomUUID()
  const stopping = new AbortController()
  const inHand = new Set<Promise<unknown>>()
  const observers: Observer[] = []
  const log = jsonLog(stderr, now, name)
  const deps = {
    catalog,
    ports,
    grants: grantDesk({ key: config.grantKey, audience, now }),
    deny: config.deny,
    callTimeout: config.callTimeout,
    audit: auditTo(stderr, now, name),
    log,
    now,
    mask: definition.mask ?? maskInOrder,
    observe: (call: Parameters<Observer>[0]) => {
      for (const observer of observers) observer(call)
    },
  }
  return {
    audience,
    list: [...catalog.values()].map(({ published }) => published),
    log,
    async call(request) {
      const signal = AbortSignal.any([request.signal, stopping.signal])
      const call = callTool(deps, { ...request, signal })
      inHand.add(call)
      try {
        return await call
      } finally {
        inHand.delete(call)
      }
    },
    busy: () => inHand.size,
    async stop(reason) {
      stopping.abort(new UpstreamError('timeout', `The server stopped before the platform answered: ${reason}.`))
      await Promise.allSettled(inHand)
    },
    watch: (observer) => observers.push(observer),
  }
}
