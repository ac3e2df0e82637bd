import { FITS_FROM } from './retrieval/fit.ts'
import type { Answer, Found } from './retrieval/knowledge-search.ts'

/** Something similar that people may want to look at; `text` goes on the card. */
export interface Suggestion {
  readonly kind: 'runbook' | 'decision'
  readonly id: string
  readonly text: string
  readonly because: string
  readonly likelihood: number
}

/** What fits of the pages that were found: runbooks that are not known already, and how other incidents ended. */
export function toSuggestions(
  runbooks: Answer,
  decisions: Answer,
  { incident, known }: { incident: number; known: readonly string[] },
): Suggestion[] {
  const fits = ({ likelihood }: Found) => likelihood >= FITS_FROM
  return [
    ...runbooks.found
      .filter((found) => fits(found) && !known.includes(found.id))
      .map((found) => suggestion('runbook', found, `the runbook "${found.title}"`)),
    ...decisions.found
      .filter((found) => fits(found) && found.facts.incident !== incident)
      .map((found) => suggestion('decision', found, `#${String(found.facts.incident)}, ${ended(found)}`)),
  ]
}

function suggestion(kind: Suggestion['kind'], found: Found, what: string): Suggestion {
  const { id, because, likelihood } = found
  return { kind, id, text: `similar: ${what}, ${because}`, because, likelihood }
}

function ended({ facts }: Found): string {
  const outcome = String(facts.outcome ?? 'unknown').replaceAll('_', ' ')
  return typeof facts.runbook === 'string' ? `${outcome} after ${facts.runbook}` : outcome
}
