import { loadRunbookFolder } from '../../src/knowledge/runbook-folder.ts'
import { RUNBOOKS, type World } from './world.ts'

/** Runbooks of this harness whose record is told to be good: one tap covers all their steps. */
const PROMPTED = ['chaos-tidy']

/** Gives runbooks the level that stories rest on, as if alice had: nobody has the time to earn it. */
export async function giveLevels({ database: { sql } }: World): Promise<void> {
  const { runbooks } = await loadRunbookFolder(RUNBOOKS)
  for (const { id, version } of runbooks.filter(({ id }) => PROMPTED.includes(id)))
    await sql`
      insert into level_changes (runbook_id, runbook_version, scope, level, by, because)
      values (${id}, ${version}, 'homelab', 'prompted', 'alice', 'for the stories')`
}
