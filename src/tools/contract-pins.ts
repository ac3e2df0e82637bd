import { json, type Sql } from '../storage/postgres.ts'
import type { PublishedTool } from './toolbox.ts'

/**
 * Pins what every tool says of itself at first sight. A tool whose definition differs from its pin sets its server aside:
 * the answer is a sentence for people, and nothing of that server is used until an admin accepts what changed.
 */
export function contractPins(sql: Sql): {
  check(server: string, tools: readonly PublishedTool[]): Promise<string | undefined>
} {
  return {
    async check(server, tools) {
      const pinned = await sql<
        { tool: string; hash: string }[]
      >`select tool, hash from tool_contracts where server = ${server}`
      const known = new Map(pinned.map((row) => [row.tool, row.hash]))
      const changed = tools.filter((tool) => known.has(tool.name) && known.get(tool.name) !== tool.contract)
      if (changed.length > 0)
        return `its tools have changed since they were accepted (${changed.map((tool) => tool.name).join(', ')}). Look at them, then run: watchkeeper tools accept ${server}`
      const fresh = tools.filter((tool) => !known.has(tool.name))
      if (fresh.length > 0) await pin(sql, server, fresh, 'first sight')
      return undefined
    },
  }
}

/** Accepts the tools of a server as they are now. */
export async function pin(sql: Sql, server: string, tools: readonly PublishedTool[], by: string): Promise<void> {
  for (const tool of tools)
    await sql`
      insert into tool_contracts (server, tool, hash, contract, accepted_by)
      values (${server}, ${tool.name}, ${tool.contract}, ${json(sql, tool.definition)}, ${by})
      on conflict (server, tool) do update set hash = excluded.hash, contract = excluded.contract,
        accepted_by = excluded.accepted_by, pinned_at = watch_now()`
}

/** Forgets the pins of a server, so that what it publishes next is accepted. */
export async function unpin(sql: Sql, server: string): Promise<number> {
  const { count } = await sql`delete from tool_contracts where server = ${server}`
  return count
}
