import { interrupt } from '@langchain/langgraph'
import type { News } from '../news.ts'
import { afterRequest } from '../requests.ts'
import type { IncidentState, IncidentUpdate } from '../state.ts'

/** Waits for time, for the alerts or for people, and only that: nothing outside happens here, because this node runs twice. */
export function awaitOutcome() {
  return async function awaitOutcome(state: IncidentState): Promise<IncidentUpdate> {
    const news: News = interrupt({ wait: state.wait })
    switch (news.kind) {
      case 'asked':
        return afterRequest(state, news.asked)
      case 'due':
        return afterTime(state)
      case 'freed':
        return { round: state.round + 1, next: 'triage' }
      case 'alerts':
        return state.wait === 'verify' ? { next: 'verify' } : { next: 'record' }
      case 'decided':
        throw new Error('a verdict came, but none was awaited')
    }
  }
}

function afterTime(state: IncidentState): IncidentUpdate {
  if (state.wait === 'effect') return { next: 'execute' }
  if (state.wait === 'snooze') return { round: state.round + 1, purpose: 'fix', chosen: null, next: 'triage' }
  return { next: 'verify' }
}
