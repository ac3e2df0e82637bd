import type { Level } from '../domain/runbook.ts'
import type { SqlOrTx } from '../storage/postgres.ts'

/** The level in force for a runbook in a scope, and the change that gave it; null where nobody has changed it. */
export interface LevelInForce {
  level: Level
  change: number | null
}

/**
 * Reads the newest change of level. A record belongs to the version that earned it: for another version of the runbook, and
 * where there is no change, the level is manual.
 */
export async function levelOf(
  sql: SqlOrTx,
  { id, version }: { id: string; version: string },
  scope: string,
): Promise<LevelInForce> {
  const [row] = await sql<{ id: number; level: Level; runbook_version: string }[]>`
    select id, level, runbook_version from level_changes
    where runbook_id = ${id} and scope = ${scope} order by id desc limit 1`
  if (!row || row.runbook_version !== version) return { level: 'manual', change: null }
  return { level: row.level, change: row.id }
}
