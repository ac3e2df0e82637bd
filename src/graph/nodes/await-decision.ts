import { interrupt } from '@langchain/langgraph'
import type { Outcome } from '../../domain/incident.ts'
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
        return afterNo(state, 'rejected', `${news.by} rejected the plan.`)
      case 'expired':
        return afterNo(state, 'expired', 'Nobody answered in time, so nothing ran.')
      case 'withdrawn':
        return afterClear(state)
      case 'superseded':
        return news.asked ? afterRequest(state, news.asked) : again(state)
    }
  }
}

/** The alert is gone. What ran before it went is verified; what may have run stays in doubt; else there was nothing to do. */
function afterClear({ attempt, cursor }: IncidentState): IncidentUpdate {
  if (attempt > 1)
    return verdict('in_doubt', 'The alert has cleared; whether the first attempt took place cannot be told.')
  return cursor > 0 ? { next: 'verify' } : verdict('self_resolved', 'The alert cleared before anything ran.')
}

/** Nothing more runs. What ran before stays, and people are offered the way back or the rest; doubt stays doubt. */
function afterNo({ attempt, cursor }: IncidentState, outcome: 'rejected' | 'expired', because: string): IncidentUpdate {
  if (attempt > 1) return verdict('in_doubt', `${because} Whether the first attempt took place is still not known.`)
  if (cursor > 0)
    return verdict(
      'not_fixed',
      `The first ${cursor === 1 ? 'step' : `${cursor} steps`} ran, the rest did not. ${because}`,
    )
  return verdict(outcome, because)
}

function verdict(outcome: Outcome, because: string): IncidentUpdate {
  return { verdict: { outcome, because }, next: 'record' }
}

/** What was asked for, a fix or a way back, no longer is what would run: the plan is made again and asked for anew. */
function again(state: IncidentState): IncidentUpdate {
  return { round: state.round + 1, next: 'triage' }
}
