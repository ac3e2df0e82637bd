import { type Ask, findChanges } from '../changes/find-changes.ts'
import type { ChangesFound } from '../domain/change.ts'
import type { NewestAlert } from '../incidents/alert-rows.ts'
import { json } from '../storage/postgres.ts'
import type { GraphDeps } from './deps.ts'
import { withCluster } from './planning.ts'
import type { IncidentState } from './state.ts'

/** How long the search for changes may keep the first card waiting, in milliseconds. */
const SEARCH_MS = 900

/**
 * Looks for what changed shortly before an alert and keeps it as evidence under `changed`, also that nothing did. Asks only tool
 * servers that are ready: one that is still starting, or away, is left out. Never throws, and is back within a second whatever the
 * servers do.
 */
export async function noteChanged(
  deps: GraphDeps & { changes: { minutes: number } },
  state: IncidentState,
  alert: NewestAlert,
): Promise<void> {
  const begun = performance.now()
  try {
    const { sql, changes } = deps
    const from = new Date(alert.startsAt.getTime() - changes.minutes * 60_000)
    const ask = asking(deps, alert.cluster, AbortSignal.timeout(SEARCH_MS))
    const found = await findChanges(ask, { subject: alert, window: { from, until: alert.startsAt }, now: alert.now })
    if (!found) return
    const args = { from: from.toISOString(), until: alert.startsAt.toISOString() }
    const took = Math.round(performance.now() - begun)
    await sql`
      insert into evidence (incident_id, round, key, tool, args, asked_by, ok, result, summary, took_ms)
      values (${state.incident}, ${state.round}, 'changed', ${found.looked.join(' ')}, ${json(sql, args)}, 'recall',
        ${found.missed.length === 0},
        ${json(sql, { ...found })}, ${summaryOf(found)}, ${took})
      on conflict (incident_id, round, key) do update set tool = excluded.tool, ok = excluded.ok, result = excluded.result,
        summary = excluded.summary, args = excluded.args, took_ms = excluded.took_ms, at = watch_now()`
  } catch {
    // What changed helps people to decide; an incident goes on without it.
  }
}

/** Asks through the toolbox until the signal ends it; then what is still asked counts as unanswered. */
function asking({ toolbox }: GraphDeps, cluster: string, signal: AbortSignal): Ask {
  const late = new Promise<'late'>((resolve) => signal.addEventListener('abort', () => resolve('late'), { once: true }))
  const ready = new Set(toolbox.status().flatMap(({ server, state }) => (state === 'ready' ? [server] : [])))
  return async (tool, args) => {
    if (!ready.has(tool.slice(0, tool.indexOf('.')))) return undefined
    if (signal.aborted) return LATE
    const call = withCluster({ toolbox, name: cluster }, tool, args).then((whole) =>
      toolbox.call(tool, whole, { deadlineMs: SEARCH_MS, signal }),
    )
    const answer = await Promise.race([call.catch((error: unknown) => reason(error)), late])
    if (answer === 'late') return LATE
    if (typeof answer === 'string') return { because: answer }
    if (answer.ok) return { answer: answer.result }
    // A name that this platform does not have, or cannot have, is no gap: the alert means something else by it.
    return answer.code === 'not_found' || answer.code === 'invalid' ? undefined : { because: answer.message }
  }
}

const LATE = { because: `it did not answer within ${SEARCH_MS} ms` }

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function summaryOf({ items, total, minutes, missed }: ChangesFound): string {
  const gap = missed.length === 0 ? '' : `; not looked at: ${missed.map(({ tool }) => tool).join(', ')}`
  if (total === 0) return `nothing changed in the ${minutes} min before${gap}`
  return `${items.map(({ at, what, note }) => `${at} ${what}${note ? ` (${note})` : ''}`).join(' · ')}${gap}`
}
