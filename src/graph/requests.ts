import type { Asked } from './news.ts'
import type { IncidentState, IncidentUpdate } from './state.ts'

/** Where a graph goes when a person asked for something on the card; a verb that does not fit the moment changes nothing. */
export function afterRequest(state: IncidentState, { id, verb, params, by }: Asked): IncidentUpdate {
  const taken: IncidentUpdate = { lastRequest: id }
  const anew: IncidentUpdate = {
    ...taken,
    round: state.round + 1,
    replans: 0,
    askedBy: null,
    chosen: null,
    next: 'triage',
  }
  switch (verb) {
    case 'again':
      return { ...anew, purpose: 'fix', basis: null }
    case 'choose':
      return { ...anew, purpose: 'fix', basis: null, askedBy: by, chosen: chosenIn(params) }
    case 'plan':
      // Asked for by an investigation: not where the round has come to a plan by itself, or is over.
      return state.plan === null && params.round === state.round
        ? { ...anew, purpose: 'fix', basis: null, chosen: chosenIn(params) }
        : { ...taken, next: 'await-outcome' }
    case 'undo':
    case 'rest':
      return { ...anew, purpose: verb, basis: String(params.subject ?? ''), askedBy: by }
    case 'modify':
      // The request keeps what is to be otherwise; the graph's state carries its number alone.
      return { ...anew, purpose: 'edited', basis: String(id), askedBy: by }
    case 'snooze':
      return { ...taken, quiet: { kind: 'snooze', minutes: Number(params.minutes ?? 60), by }, next: 'record' }
    case 'ignore':
      return { ...taken, quiet: { kind: 'ignored', minutes: 0, by }, next: 'record' }
    case 'check_again':
      return { ...taken, next: 'execute' }
    case 'run_again':
      return { ...taken, attempt: state.attempt + 1, next: 'authorize' }
    case 'abandon':
      return { ...taken, verdict: { outcome: 'abandoned', because: `${by} left it as it is.` }, next: 'record' }
    default:
      return { ...taken, next: 'await-outcome' }
  }
}

function chosenIn({ subject, cause }: Asked['params']): IncidentState['chosen'] {
  return { investigation: String(subject ?? ''), cause: Number(cause ?? 0) }
}
