import { leadingAlert } from '../incidents/alert-rows.ts'
import type { KnowledgeSearch } from '../knowledge/retrieval/knowledge-search.ts'
import { symptomsOf } from '../knowledge/retrieval/symptoms.ts'
import { toSuggestions } from '../knowledge/suggestions.ts'
import { json } from '../storage/postgres.ts'
import type { GraphDeps } from './deps.ts'
import type { IncidentState } from './state.ts'

/** How long what is similar may keep the first card waiting, in milliseconds. */
const SEARCH_MS = 1_000

/**
 * Looks for runbooks and past decisions that are similar to an incident and keeps what fits as evidence, for people to
 * see; `known` are runbooks that they are shown anyway. Nothing of it is ever executed: what runs is a runbook whose own
 * matchers are for the alert. Never throws: a search that fails is an incident without suggestions.
 */
export async function noteSimilar(
  deps: GraphDeps & { knowledge: KnowledgeSearch },
  state: IncidentState,
  known: readonly string[] = [],
): Promise<void> {
  const begun = performance.now()
  try {
    const symptoms = symptomsOf(await leadingAlert(deps.sql, state.incident))
    const signal = AbortSignal.timeout(SEARCH_MS)
    const [runbooks, decisions] = await Promise.race([
      Promise.all([
        deps.knowledge.search('runbooks', symptoms, { signal, limit: 2 }),
        deps.knowledge.search('decisions', symptoms, { signal, limit: 3 }),
      ]),
      new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true })),
    ])
    const suggestions = toSuggestions(runbooks, decisions, { incident: state.incident, known })
    if (suggestions.length === 0) return
    const { sql } = deps
    const took = Math.round(performance.now() - begun)
    await sql`
      insert into evidence (incident_id, round, key, tool, args, asked_by, ok, result, summary, took_ms)
      values (${state.incident}, ${state.round}, 'similar', 'knowledge.search', ${json(sql, symptoms)}, 'recall', true,
        ${json(sql, { items: suggestions })}, ${suggestions.map(({ text }) => text).join(' · ')}, ${took})
      on conflict (incident_id, round, key) do update set result = excluded.result, summary = excluded.summary,
        args = excluded.args, took_ms = excluded.took_ms, at = watch_now()`
  } catch {
    // Knowledge helps people to decide; an incident goes on without it.
  }
}
