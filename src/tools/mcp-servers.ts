import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { OperatorError } from '../domain/errors.ts'
import type { EffectClass } from '../domain/plan.ts'
import { type DeclaredTools, OWN_SERVERS } from './rules.ts'

const ServerName = z.string().regex(/^[a-z][a-z0-9-]{0,30}$/, 'must be lower-case letters, digits and dashes')

const Stdio = z.strictObject({
  type: z.literal('stdio').optional(),
  command: z.string().min(1),
  args: z.array(z.string()).default([]),
  env: z.record(z.string(), z.string()).default({}),
  cwd: z.string().optional(),
})
const Http = z.strictObject({
  type: z.enum(['http', 'streamable-http']).optional(),
  url: z.url(),
  headers: z.record(z.string(), z.string()).default({}),
})
const Declared = z.record(
  z.string().min(1).max(128),
  z.enum(['read', 'write', 'destructive'], 'must be "read", "write" or "destructive"'),
)
/** Our own section: other readers of the file leave it alone. */
const Ours = z.strictObject({
  servers: z.record(ServerName, z.strictObject({ tools: Declared })).default({}),
})
const File = z.object({ mcpServers: z.record(ServerName, z.union([Stdio, Http])), watchkeeper: Ours.optional() })

/**
 * How one MCP server is reached, in the words of the usual `mcpServers` file. `declared` is there for other people's
 * servers: the tools of theirs that may be used, by name, with what each can do at its worst.
 */
export type ServerEntry = (z.infer<typeof Stdio> | z.infer<typeof Http>) & {
  declared?: ReadonlyMap<string, EffectClass>
}
export type ServerEntries = ReadonlyMap<string, ServerEntry>

/**
 * Reads a standard `mcpServers` JSON file. `${NAME}` in values is replaced from the environment, so that tokens stay out of
 * the file. Throws an OperatorError that names the file, the place and what to change.
 */
export async function readMcpServers(path: string, env: Record<string, string | undefined>): Promise<ServerEntries> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new OperatorError(`The file of MCP servers ${path} cannot be read. Correct MCP_SERVERS_FILE.`, {
      cause: error,
    })
  })
  return parseMcpServers(text, path, env)
}

export function parseMcpServers(text: string, path: string, env: Record<string, string | undefined>): ServerEntries {
  let data: unknown
  try {
    data = JSON.parse(text, (_key, value: unknown) =>
      typeof value === 'string' ? substitute(value, path, env) : value,
    )
  } catch (error) {
    if (error instanceof OperatorError) throw error
    throw new OperatorError(`${path} is not JSON: ${error instanceof Error ? error.message : 'it cannot be parsed'}`)
  }
  const parsed = File.safeParse(data)
  if (!parsed.success) throw new OperatorError(`${path}: ${explain(parsed.error)}`)
  const { mcpServers, watchkeeper } = parsed.data
  const sections = watchkeeper?.servers ?? {}
  for (const name of Object.keys(sections)) checkSection(name, mcpServers, path)
  return new Map(
    Object.entries(mcpServers).map(([name, entry]) => {
      if (OWN_SERVERS.includes(name)) return [name, entry]
      return [name, { ...entry, declared: new Map(Object.entries(sections[name]?.tools ?? {})) }]
    }),
  )
}

/** Every declared tool of these servers, by `server.tool`. */
export function declaredTools(servers: ServerEntries): DeclaredTools {
  return new Map(
    [...servers].flatMap(([server, { declared }]) =>
      [...(declared ?? [])].map(([tool, effect]): [string, EffectClass] => [`${server}.${tool}`, effect]),
    ),
  )
}

function checkSection(name: string, mcpServers: Readonly<Record<string, unknown>>, path: string): void {
  const place = `${path}: at watchkeeper.servers.${name}:`
  if (OWN_SERVERS.includes(name))
    throw new OperatorError(
      `${place} ${name} is a server of Watchkeeper, whose tools it knows. Take this section out, or give another server another name.`,
    )
  if (!Object.hasOwn(mcpServers, name))
    throw new OperatorError(`${place} mcpServers has no ${name}. Add the server there, or correct the name here.`)
}

function explain({ issues: [issue] }: z.ZodError): string {
  const place = issue?.path.join('.') || 'the top level'
  const message = issue?.message ?? 'not the shape of an mcpServers file'
  const remedy =
    issue?.path[0] === 'watchkeeper'
      ? 'It declares tools so: "watchkeeper": { "servers": { "NAME": { "tools": { "TOOL": "read" } } } }.'
      : 'Each server has either "command" or "url".'
  return `at ${place}: ${message}. ${remedy}`
}

function substitute(value: string, path: string, env: Record<string, string | undefined>): string {
  return value.replaceAll(/\$\{([A-Z][A-Z0-9_]*)\}/g, (_whole, name: string) => {
    const found = env[name]
    if (found === undefined)
      throw new OperatorError(`${path} refers to \${${name}}, which is not set in the environment. Set ${name}.`)
    return found
  })
}
