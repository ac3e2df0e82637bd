import { leadingAlert } from '../incidents/alert-rows.ts'
import type { Answer, KnowledgeSearch } from '../knowledge/retrieval/knowledge-search.ts'
import { type Symptoms, symptomsOf } from '../knowledge/retrieval/symptoms.ts'
import { type Suggestion, toSuggestions } from '../knowledge/suggestions.ts'
import { json } from '../storage/postgres.ts'
import type { GraphDeps } from './deps.ts'
import type { IncidentState } from './state.ts'

/** How long what is similar may keep the first card waiting, in milliseconds. */
const SEARCH_MS = 1_000

/**
 * Looks for runbooks and past decisions that are similar to an incident and keeps what fits as evidence, for people to
 * see; `known` are runbooks that they are shown anyway. Nothing of it is ever executed: what runs is a runbook whose own
 * matchers are for the alert. Never throws: a search that fails, or was less than it could be, is kept as such, and said.
 */
export async function noteSimilar(
  deps: GraphDeps & { knowledge: KnowledgeSearch },
  state: IncidentState,
  known: readonly string[] = [],
): Promise<void> {
  const begun = performance.now()
  try {
    const symptoms = symptomsOf(await leadingAlert(deps.sql, state.incident))
    const { suggestions, gap } = await search(deps.knowledge, symptoms, { incident: state.incident, known })
    if (suggestions.length === 0 && gap === undefined) return
    const { sql } = deps
    const took = Math.round(performance.now() - begun)
    const said = [...suggestions.map(({ text }) => text), ...(gap === undefined ? [] : [gap])].join(' · ')
    await sql`
      insert into evidence (incident_id, round, key, tool, args, asked_by, ok, result, summary, took_ms)
      values (${state.incident}, ${state.round}, 'similar', 'knowledge.search', ${json(sql, symptoms)}, 'recall',
        ${gap === undefined}, ${json(sql, { items: suggestions })}, ${said}, ${took})
      on conflict (incident_id, round, key) do update set ok = excluded.ok, result = excluded.result,
        summary = excluded.summary, args = excluded.args, took_ms = excluded.took_ms, at = watch_now()`
  } catch {
    // Knowledge helps people to decide; an incident goes on without it.
  }
}

interface Similar {
  suggestions: Suggestion[]
  /** What was not searched, and why, for people; undefined where all was. */
  gap: string | undefined
}

/** Both collections side by side, each by itself: what one finds is of use when the other cannot be asked. */
async function search(
  knowledge: KnowledgeSearch,
  symptoms: Symptoms,
  about: { incident: number; known: readonly string[] },
): Promise<Similar> {
  const signal = AbortSignal.timeout(SEARCH_MS)
  const late = new Promise<never>((_, reject) =>
    signal.addEventListener('abort', () => reject(new Error('it took longer than a second')), { once: true }),
  )
  const asked = [
    knowledge.search('runbooks', symptoms, { signal, limit: 2 }),
    knowledge.search('decisions', symptoms, { signal, limit: 3, incident: about.incident }),
  ]
  const [runbooks, decisions] = await Promise.allSettled(asked.map((answer) => Promise.race([answer, late])))
  const failed = [runbooks, decisions].find((answer) => answer?.status === 'rejected')
  const answerOf = (settled: typeof runbooks): Answer => (settled?.status === 'fulfilled' ? settled.value : NOTHING)
  const suggestions = toSuggestions(answerOf(runbooks), answerOf(decisions), about)
  const gap = failed?.status === 'rejected' ? `not searched for similar ones: ${why(failed.reason, signal)}` : undefined
  return { suggestions, gap: gap ?? answerOf(runbooks).degraded ?? answerOf(decisions).degraded }
}

const NOTHING: Answer = { found: [], fits: false, because: '', degraded: undefined }

function why(error: unknown, signal: AbortSignal): string {
  if (signal.aborted) return 'it took longer than a second'
  return error instanceof Error ? error.message : String(error)
}
