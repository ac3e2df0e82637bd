import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { OperatorError } from '../domain/errors.ts'

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
const File = z.object({ mcpServers: z.record(ServerName, z.union([Stdio, Http])) })

/** How one MCP server is reached, in the words of the usual `mcpServers` file. */
export type ServerEntry = z.infer<typeof Stdio> | z.infer<typeof Http>
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
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const place = issue?.path.join('.') || 'the top level'
    throw new OperatorError(
      `${path}: at ${place}: ${issue?.message ?? 'not the shape of an mcpServers file'}. Each server has either "command" or "url".`,
    )
  }
  return new Map(Object.entries(parsed.data.mcpServers))
}

function substitute(value: string, path: string, env: Record<string, string | undefined>): string {
  return value.replaceAll(/\$\{([A-Z][A-Z0-9_]*)\}/g, (_whole, name: string) => {
    const found = env[name]
    if (found === undefined)
      throw new OperatorError(`${path} refers to \${${name}}, which is not set in the environment. Set ${name}.`)
    return found
  })
}
