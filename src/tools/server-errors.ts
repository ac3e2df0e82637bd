import type { ServerEntry } from './mcp-servers.ts'

/** Why no connection came about, with what to do; undefined where there was one, or the server is started here. */
export function unreached(error: unknown, entry: ServerEntry): string | undefined {
  const code = codeOf(error)
  if (!('url' in entry) || code === undefined) return undefined
  return `nothing can be sent to ${new URL(entry.url).origin} (${code}). Look whether it runs, or correct its "url" in the file of MCP servers.`
}

/** What an error says, without path and query of the address: either may hold a key, and a server repeats what it does not know. */
export function messageOf(error: unknown, entry: ServerEntry): string {
  const said = error instanceof Error ? error.message : String(error)
  if (!('url' in entry) || error instanceof SetAside) return said
  const { pathname, search } = new URL(entry.url)
  const secret = [`${pathname}${search}`, pathname, search].filter(({ length }) => length > 1)
  return secret.reduce((rest, part) => rest.replaceAll(part, '/…'), said)
}

/** The code of the system error that an error comes from: fetch itself says no more than that it failed. */
export function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  const { cause } = error
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : codeOf(cause)
}

/** What a server publishes is not what was accepted. The message is a clause for people. */
export class SetAside extends Error {}
