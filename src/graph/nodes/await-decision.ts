import { interrupt } from '@langchain/langgraph'
import type { News } from '../news.ts'
import { afterRequest } from '../requests.ts'
import type { IncidentState, IncidentUpdate } from '../state.ts'

/** Waits for the verdict on the approval, and only that: nothing outside happens here, because this node runs twice. */
export function awaitDecision() {
  return async function awaitDecision(state: IncidentState): Promise<IncidentUpdate> {
    const news: News = interrupt({ wait: 'decision', approval: state.approval })
    if (news.kind !== 'decided') throw new Error(`a decision was awaited, not ${news.kind}`)
    switch (news.status) {
      case 'approved':
        return { next: 'execute' }
      case 'rejected':
        return verdict('rejected', `${news.by} rejected the plan.`)
      case 'expired':
        return verdict('expired', 'Nobody answered in time, so nothing ran.')
      case 'withdrawn':
        return verdict('self_resolved', 'The alert cleared before anything ran.')
      case 'superseded':
        return news.asked ? afterRequest(state, news.asked) : again(state)
    }
  }
}

function verdict(outcome: 'rejected' | 'expired' | 'self_resolved', because: string): IncidentUpdate {
  return { verdict: { outcome, because }, next: 'record' }
}

/** What was asked for no longer is what would run: the plan is made again and asked for anew. */
function again(state: IncidentState): IncidentUpdate {
  return { round: state.round + 1, purpose: 'fix', next: 'triage' }
}
