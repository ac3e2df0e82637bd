import type { JsonObject } from '../domain/json.ts'
import type { EffectClass } from '../domain/plan.ts'
import type { CallOptions, PublishedTool, ToolAnswer } from './toolbox.ts'

/** The part of a connection that is different for other people's servers. */
interface Calls {
  tools(): Promise<PublishedTool[]>
  call(tool: string, args: JsonObject, options: CallOptions): Promise<ToolAnswer>
}

/** Arguments that the agent adds for our own servers, which check them. */
const OURS: readonly string[] = ['dry_run', 'precondition']

/**
 * Somebody else's server, held to what this installation declares of it. Such a server knows no grants, cannot rehearse, and
 * cannot say afterwards whether a call took place. So:
 * - a tool that is not declared is not called;
 * - a tool declared to change something is called only with a permit; the permit itself stays here;
 * - a dry run of it is answered here, without a call: nothing may run because a server ignores `dry_run`;
 * - its probe answers unknown, so that people are asked after a lost answer.
 */
export function foreignServer(server: string, declared: ReadonlyMap<string, EffectClass>, calls: Calls): Calls {
  return {
    tools: calls.tools,
    async call(tool, args, options) {
      const effect = declared.get(tool)
      if (effect === undefined)
        return tool === 'probe_effect' ? probed(server, args) : refused(undeclared(server, tool))
      if (effect === 'read') return await calls.call(tool, args, options)
      const tools = await calls
        .tools()
        .catch((error: unknown) => (error instanceof Error ? error.message : 'it is gone'))
      if (typeof tools === 'string') return refused(`The ${server} server cannot be used: ${tools}`, 'unreachable')
      const published = tools.find(({ name }) => name === `${server}.${tool}`)
      if (!published) return refused(`The ${server} server has no tool ${tool} now.`, 'not_found')
      if (args.dry_run === true) return rehearsed(server, tool, effect)
      if (!options.permit)
        return refused(`${server}.${tool} is declared as ${effect}, so it is called only for an approved plan.`)
      return await calls.call(tool, withoutOurs(args, published), options)
    },
  }
}

function withoutOurs(args: JsonObject, { definition }: PublishedTool): JsonObject {
  const schema = Object(definition.inputSchema)
  const takes = (name: string) => Object.hasOwn(Object(schema.properties), name)
  return Object.fromEntries(Object.entries(args).filter(([name]) => !OURS.includes(name) || takes(name)))
}

/** What a plan is made of where nothing can be tried: the call itself is the target, so that two plans do not make it at once. */
function rehearsed(server: string, tool: string, effect: EffectClass): ToolAnswer {
  const summary = `Calls ${server}.${tool} with exactly these arguments.`
  const warnings = [
    `${server} is somebody else's server: what this call does was not tried, and nobody can look afterwards whether it took place.`,
    ...(effect === 'destructive' ? ['It is declared destructive: it may cost data or service.'] : []),
  ]
  const target = { cluster: server, kind: 'Tool', namespace: null, name: tool, uid: null }
  const result = { summary, dry_run: true, target, diff: [], precondition: null, warnings, undoable: false }
  return { ok: true, result: { ...result, undo: null, gitops: null, effect: null }, summary, tookMs: 0 }
}

function probed(server: string, { tool }: JsonObject): ToolAnswer {
  const because = `${server} is somebody else's server and cannot say whether ${String(tool)} took place.`
  return { ok: true, result: { summary: because, state: 'unknown', because }, summary: because, tookMs: 0 }
}

function undeclared(server: string, tool: string): string {
  return `${server}.${tool} is not declared. To use it, add "${tool}": "read", "write" or "destructive" under watchkeeper.servers.${server}.tools in the file of MCP servers.`
}

function refused(message: string, code = 'refused'): ToolAnswer {
  return { ok: false, code, message, retryable: false, uncertain: false, tookMs: 0 }
}
