import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { OperatorError } from '../domain/errors.ts'
import type { EffectClass } from '../domain/plan.ts'
import { type DeclaredTools, OWN_SERVERS } from './rules.ts'

const NAME = 'must be lower-case letters, digits and dashes, and begin with a letter'
const ServerName = z.string().regex(/^[a-z][a-z0-9-]{0,30}$/, NAME)

// What else other clients write into an entry is theirs and left alone; ServerEntry says what is read here.
const Stdio = z.object({
  type: z.literal('stdio').optional(),
  command: z.string().min(1),
  args: z.array(z.string()).default([]),
  env: z.record(z.string(), z.string()).default({}),
  cwd: z.string().optional(),
})
const Http = z.object({
  type: z.enum(['http', 'streamable-http', 'streamableHttp']).optional(),
  url: z.url(),
  headers: z.record(z.string(), z.string()).default({}),
})
const FIELDS: readonly string[] = [...Object.keys(Stdio.shape), ...Object.keys(Http.shape)]
const Declared = z.record(
  z.string().min(1).max(128),
  z.enum(['read', 'write', 'destructive'], 'must be "read", "write" or "destructive"'),
)
/** Our own section: other readers of the file leave it alone. */
const Ours = z.strictObject({
  servers: z.record(ServerName, z.strictObject({ tools: Declared })).default({}),
})
const Entry = z.record(z.string(), z.unknown())
const File = z.object({ mcpServers: z.record(ServerName, Entry), watchkeeper: Ours.optional() })

/**
 * How one MCP server is reached, in the words of the usual `mcpServers` file. `declared` is there for other people's
 * servers: the tools of theirs that may be used, by name, with what each can do at its worst.
 */
export type ServerEntry = (z.infer<typeof Stdio> | z.infer<typeof Http>) & {
  declared?: ReadonlyMap<string, EffectClass>
  /** Whose rights it has, where that follows from where it is started and not from a setting. */
  account?: string
}
export type ServerEntries = ReadonlyMap<string, ServerEntry>

/** The servers there are, and the names of those that the file switches off, whatever else would start them. */
export interface ConfiguredServers {
  servers: ServerEntries
  disabled: ReadonlySet<string>
}

/**
 * Reads a standard `mcpServers` JSON file. `${NAME}` in values is replaced from the environment, so that tokens stay out of
 * the file. Throws an OperatorError that names the file, the place and what to change.
 */
export async function readMcpServers(
  path: string,
  env: Record<string, string | undefined>,
): Promise<ConfiguredServers> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new OperatorError(`The file of MCP servers ${path} cannot be read. Correct MCP_SERVERS_FILE.`, {
      cause: error,
    })
  })
  return parseMcpServers(text, path, env)
}

export function parseMcpServers(
  text: string,
  path: string,
  env: Record<string, string | undefined>,
): ConfiguredServers {
  let data: unknown
  try {
    data = JSON.parse(text)
  } catch (error) {
    throw new OperatorError(`${path} is not JSON: ${error instanceof Error ? error.message : 'it cannot be parsed'}`)
  }
  const parsed = File.safeParse(data)
  if (!parsed.success) throw new OperatorError(`${path}: ${explain(parsed.error)}`)
  const { mcpServers, watchkeeper } = parsed.data
  const sections = watchkeeper?.servers ?? {}
  for (const name of Object.keys(sections)) checkSection(name, mcpServers, path)
  const isDisabled = ([, raw]: [string, z.infer<typeof Entry>]) => raw.disabled === true
  const entries = Object.entries(mcpServers)
  const servers = new Map(
    entries
      .filter((one) => !isDisabled(one))
      .map(([name, raw]): [string, ServerEntry] => {
        const entry = entryOf(raw, `${path}: at mcpServers.${name}:`, (value) => substitute(value, path, env))
        if (OWN_SERVERS.includes(name)) return [name, entry]
        return [name, { ...entry, declared: new Map(Object.entries(sections[name]?.tools ?? {})) }]
      }),
  )
  return { servers, disabled: new Set(entries.filter(isDisabled).map(([name]) => name)) }
}

/** One server, in whichever of the two ways it is reached. `place` begins what is thrown. */
function entryOf(raw: z.infer<typeof Entry>, place: string, fill: (value: string) => string): ServerEntry {
  if (raw.type === 'sse')
    throw new OperatorError(
      `${place} the transport "sse" is not supported. Give the address at which the server speaks Streamable HTTP, with "type": "http".`,
    )
  const [byProgram, byAddress] = [raw.command !== undefined, raw.url !== undefined]
  if (byProgram === byAddress)
    throw new OperatorError(
      `${place} it has ${byProgram ? 'both' : 'neither'} "command" ${byProgram ? 'and' : 'nor'} "url". Each server has one of them.`,
    )
  const fields = Object.fromEntries(Object.entries(raw).filter(([name]) => FIELDS.includes(name)))
  const parsed = (byProgram ? Stdio : Http).safeParse(filled(fields, fill))
  if (parsed.success) {
    if ('url' in parsed.data) checkAddress(parsed.data.url, place)
    return parsed.data
  }
  const [issue] = parsed.error.issues
  throw new OperatorError(
    `${place} ${issue?.path.join('.')}: ${issue?.message}. A server is ${byProgram ? '"command", "args", "env" and "cwd", with "type": "stdio"' : '"url" and "headers", with "type": "http"'} or no type.`,
  )
}

/** No client sends a user of an address, and what refuses it says it with its password. */
function checkAddress(url: string, place: string): void {
  const { username, password } = new URL(url)
  if (username === '' && password === '') return
  throw new OperatorError(
    `${place} url: it has a user or a password in it. Take them out, and send them in "headers", such as "Authorization": "Basic …".`,
  )
}

function filled(value: unknown, fill: (value: string) => string): unknown {
  if (typeof value === 'string') return fill(value)
  if (Array.isArray(value)) return value.map((inner) => filled(inner, fill))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, filled(inner, fill)]))
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
  const message = issue?.code === 'invalid_key' ? `a server's name ${NAME}` : (issue?.message ?? 'not the usual shape')
  const remedy =
    issue?.path[0] === 'watchkeeper'
      ? 'It declares tools so: "watchkeeper": { "servers": { "NAME": { "tools": { "TOOL": "read" } } } }.'
      : 'The usual shape is { "mcpServers": { "NAME": { "command": "PROGRAM" } } }, or "url" for "command".'
  return `at ${place}: ${message}. ${remedy}`
}

/** Small letters that no variable has are left: they are a shell's or another client's, as in `${f}` or `${workspaceFolder}`. */
function substitute(value: string, path: string, env: Record<string, string | undefined>): string {
  return value.replaceAll(/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (whole, name: string) => {
    const found = env[name]
    if (found === undefined && /[a-z]/.test(name)) return whole
    if (found === undefined)
      throw new OperatorError(`${path} refers to \${${name}}, which is not set in the environment. Set ${name}.`)
    return found
  })
}
