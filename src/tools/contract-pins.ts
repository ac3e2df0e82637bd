import type { JsonObject } from '../domain/json.ts'
import { json, type Sql } from '../storage/postgres.ts'
import { contractChanges } from './contract-changes.ts'
import type { PublishedTool } from './toolbox.ts'

/** What a server publishes, as far as it may be used; `there` names all it publishes, where tools may not go away unnoticed. */
export interface Published {
  tools: readonly PublishedTool[]
  there?: ReadonlySet<string>
}

export interface ContractPins {
  /** Compares what a server publishes with what is pinned, and pins what is new. A sentence sets the server aside. */
  check(server: string, published: Published): Promise<string | undefined>
}

/**
 * Pins what every tool says of itself at first sight. A tool whose contract changes in a way that matters sets its server
 * aside: the answer is a sentence for people, and nothing of that server is used until an admin accepts what changed.
 */
export function contractPins(sql: Sql): ContractPins {
  return {
    async check(server, published) {
      const { changed, fresh, compatible } = await compared(sql, server, published)
      if (changed.length > 0)
        return `its tools have changed since they were accepted (${changed.join('; ')}). Look at them, then run: npm run watchkeeper -- tools accept ${server}`
      await pin(sql, server, fresh, 'first sight')
      await pin(sql, server, compatible, 'a change that fits')
      return undefined
    },
  }
}

export interface Compared {
  /** `server.tool: its description, its arguments`, one for each tool that changed in a way that matters. */
  changed: string[]
  /** Never seen before. */
  fresh: PublishedTool[]
  /** Changed in a way that does not matter. */
  compatible: PublishedTool[]
}

/** What is different between the tools a server publishes and those that are pinned. */
export async function compared(sql: Sql, server: string, { tools, there }: Published): Promise<Compared> {
  const rows = await sql<{ tool: string; hash: string; contract: JsonObject }[]>`
    select tool, hash, contract from tool_contracts where server = ${server} order by tool`
  const pinned = new Map(rows.map((row) => [row.tool, row]))
  const changed = there ? rows.flatMap(({ tool }) => (there.has(tool) ? [] : [`${tool}: it is gone`])) : []
  const compatible: PublishedTool[] = []
  for (const tool of tools) {
    const known = pinned.get(tool.name)
    if (!known || known.hash === tool.contract) continue
    const changes = contractChanges(known.contract, tool.definition)
    if (changes.length > 0) changed.push(`${tool.name}: ${changes.join(', ')}`)
    else compatible.push(tool)
  }
  return { changed, fresh: tools.filter((tool) => !pinned.has(tool.name)), compatible }
}

/** Pins these tools of a server as they are. */
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
