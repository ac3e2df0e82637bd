import type { z } from 'zod'
import type { Audit } from './audit.ts'
import { type Catalog, PROBE } from './catalog.ts'
import type { Effect, Tool, ToolContext } from './define-tool.ts'
import { deniedBy } from './deny.ts'
import { CallerError, ToolError, toToolError, UpstreamError } from './errors.ts'
import { GRANT_META, type Grant, type GrantDesk } from './grants.ts'
import type { Log } from './log.ts'
import { maskText } from './mask.ts'
import { fit } from './results.ts'
import { cleanText, clip } from './text.ts'

/** What a call answers, in the protocol's words: data once in `structuredContent`, the short human text in `content`. */
export type CallResult = {
  content: { type: 'text'; text: string }[]
  structuredContent: Record<string, unknown>
  isError?: true
}

export type CallRequest = {
  name: string
  /** Exactly as sent: grants are checked against them before anything is parsed. */
  arguments: Record<string, unknown>
  meta: Record<string, unknown>
  signal: AbortSignal
  progress: ToolContext<unknown>['progress']
}

/** Told of every call when it has ended; `code` is `ok` or the error's. */
export type Observer = (call: { tool: string; effect: Effect; code: string; milliseconds: number }) => void

export type CallDeps<Port> = {
  catalog: Catalog<Port>
  /** By cluster name; the first is the default. */
  ports: ReadonlyMap<string, Port>
  grants: GrantDesk
  deny: readonly string[]
  callTimeout: number
  audit: Audit
  log: Log
  now: () => number
  observe?: Observer
}

type Outcome = { effect: Effect; changing: boolean; grant?: Grant; cluster?: string; spent: boolean; ran: boolean }

/**
 * The way of every call: arguments parsed strictly, the deny list, the grant where something would change, a deadline,
 * the tool, and one exit through which the answer is cleaned, masked and bounded. Never throws; undefined for an unknown tool.
 */
export async function callTool<Port>(deps: CallDeps<Port>, request: CallRequest): Promise<CallResult | undefined> {
  const entry = deps.catalog.get(request.name)
  if (!entry) return undefined
  const { tool } = entry
  const started = performance.now()
  const outcome: Outcome = { effect: tool.effect, changing: false, spent: false, ran: false }
  let failure: ToolError | undefined
  let result: CallResult
  try {
    const output = await run(deps, request, entry, outcome)
    outcome.ran = true
    result = answer(tool, output, outcome)
  } catch (error) {
    failure = toToolError(error, request.signal)
    if (failure.code === 'internal')
      deps.log('error', 'a tool failed', { tool: tool.name, error: failure.cause ?? failure })
    result = refusal(failure)
  }
  const milliseconds = Math.round(performance.now() - started)
  deps.observe?.({ tool: tool.name, effect: outcome.effect, code: failure?.code ?? 'ok', milliseconds })
  if (outcome.changing && outcome.effect !== 'read')
    deps.audit({
      tool: tool.name,
      effectClass: outcome.effect,
      cluster: outcome.cluster,
      arguments: request.arguments,
      grant: outcome.grant,
      outcome: outcome.ran ? 'done' : outcome.spent ? 'failed' : 'refused',
      ...(failure ? { code: failure.code } : {}),
      milliseconds,
    })
  return result
}

async function run<Port>(
  deps: CallDeps<Port>,
  request: CallRequest,
  { tool, input }: { tool: Tool<Port>; input: z.ZodObject },
  outcome: Outcome,
): Promise<Record<string, unknown>> {
  const { cluster, port, own } = chooseCluster(deps, tool, parse(input, request.arguments))
  outcome.cluster = cluster
  const deadline = new AbortController()
  const signal = AbortSignal.any([request.signal, deadline.signal])
  let life = deps.callTimeout
  let grant: Grant | undefined
  if (tool.change) {
    outcome.effect = tool.change.effectOf(own)
    outcome.changing = !(tool.change.dryRun && own.dry_run === true)
    refuseDenied(deps.deny, tool.change.target(own))
  }
  if (outcome.changing) {
    grant = deps.grants.redeem({ tool: tool.name, arguments: request.arguments, grant: request.meta[GRANT_META] })
    outcome.grant = grant
    outcome.spent = true
    life = grant.exp - deps.now()
  }
  const timer = setTimeout(() => deadline.abort(tooLate(life, grant !== undefined)), Math.max(0, life))
  try {
    const { log, now, ports } = deps
    const { progress } = request
    signal.throwIfAborted()
    const spare = (target: readonly string[]) => refuseDenied(deps.deny, target)
    const effect = grant ? { effect: grant.effect } : {}
    return await tool.run(own, port, { signal, log, now, progress, ports, spare, ...effect })
  } catch (error) {
    throw toToolError(error, signal)
  } finally {
    clearTimeout(timer)
  }
}

function parse(input: z.ZodObject, args: Record<string, unknown>): Record<string, unknown> {
  const parsed = input.safeParse(args)
  if (parsed.success) return parsed.data
  const issues = parsed.error.issues
    .slice(0, 8)
    .map(({ path, message }) => (path.length > 0 ? `${path.join('.')}: ${message}` : message))
  throw new CallerError(
    'invalid',
    `The arguments do not fit the tool's schema. ${clip(cleanText(issues.join('; ')), 1_000)}.`,
  )
}

function chooseCluster<Port>({ ports }: CallDeps<Port>, tool: Tool<Port>, args: Record<string, unknown>) {
  if (ports.size === 0)
    throw new CallerError('refused', 'This server runs with --no-platform: it shows its tools and uses none of them.')
  const { cluster, ...own } = args
  const inner = tool.name === PROBE && typeof own.arguments === 'object' ? Object(own.arguments).cluster : undefined
  const wanted = cluster ?? inner ?? ports.keys().next().value
  const port = typeof wanted === 'string' ? ports.get(wanted) : undefined
  if (typeof wanted !== 'string' || port === undefined)
    throw new CallerError('invalid', 'There is no cluster of this name.')
  return { cluster: wanted, port, own }
}

function refuseDenied(patterns: readonly string[], target: readonly string[]): void {
  const pattern = deniedBy(patterns, target)
  if (pattern)
    throw new CallerError(
      'refused',
      `${target.join('/')} may not be changed through this server: its deny list has "${pattern}".`,
    )
}

function tooLate(life: number, granted: boolean): UpstreamError {
  const after = granted
    ? 'The grant expired before the platform answered; whether the change happened is unknown, so probe it.'
    : `The platform did not answer within ${Math.round(life / 1000)} seconds.`
  return new UpstreamError('timeout', after)
}

function answer<Port>(tool: Tool<Port>, output: Record<string, unknown>, { spent }: Outcome): CallResult {
  const parsed = tool.output.safeParse(output)
  if (!parsed.success) throw new Error(`${tool.name} answered outside its own schema: ${parsed.error.message}`)
  const fitted = fit(parsed.data)
  // Whoever reads `invalid` may take it that nothing was done, and here it was.
  if (!fitted && spent)
    throw new ToolError('internal', 'It was done, but what there is to say of it is too large to send; so probe it.')
  if (!fitted)
    throw new CallerError('invalid', 'The answer is too large to send. Ask for less: a smaller limit, or one object.')
  return { content: [{ type: 'text', text: String(fitted.summary) }], structuredContent: fitted }
}

function refusal({ code, message, retryable }: ToolError): CallResult {
  const text = clip(maskText(cleanText(message)), 2_000)
  return {
    content: [{ type: 'text', text }],
    structuredContent: { error: { code, message: text, retryable } },
    isError: true,
  }
}
