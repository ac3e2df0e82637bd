import { Command, END, type LangGraphRunnableConfig, START, StateGraph } from '@langchain/langgraph'
import type { BaseCheckpointSaver } from '@langchain/langgraph-checkpoint'
import type { Observe } from '../domain/observe.ts'
import type { Lease } from '../incidents/leases.ts'
import type { GraphDeps, Run } from './deps.ts'
import { authorize } from './nodes/authorize.ts'
import { awaitDecision } from './nodes/await-decision.ts'
import { awaitOutcome } from './nodes/await-outcome.ts'
import { execute } from './nodes/execute.ts'
import { investigate } from './nodes/investigate.ts'
import { propose } from './nodes/propose.ts'
import { recall } from './nodes/recall.ts'
import { record } from './nodes/record.ts'
import { triage } from './nodes/triage.ts'
import { verify } from './nodes/verify.ts'
import { type GraphState, type IncidentState, type IncidentUpdate, State, type Step } from './state.ts'

type Node = (state: IncidentState, run: Run) => Promise<IncidentUpdate>

/** Where each node may go: the drawn graph and the run one come from this. */
export const routes = {
  triage: ['recall', 'investigate', 'propose', 'execute', 'record', 'end'],
  recall: ['investigate', 'await-outcome'],
  investigate: ['propose', 'await-outcome'],
  propose: ['authorize', 'await-outcome'],
  authorize: ['await-decision', 'execute', 'await-outcome', 'record'],
  'await-decision': ['execute', 'verify', 'record', 'triage', 'await-outcome'],
  execute: ['execute', 'authorize', 'verify', 'await-outcome', 'record', 'triage'],
  'await-outcome': ['verify', 'execute', 'authorize', 'record', 'triage', 'await-outcome'],
  verify: ['await-outcome', 'record'],
  record: ['await-outcome', 'triage', 'end'],
} as const satisfies Record<Exclude<Step, 'end'>, readonly Step[]>

/** The flow of one incident. One incident is one thread; `configurable.lease` is what its nodes act under. */
export function incidentGraph(deps: GraphDeps, checkpointer: BaseCheckpointSaver, observe: Observe) {
  // A node names where it goes on: an edge of its own with a condition would be run, and traced, beside every node.
  const node = (name: Exclude<Step, 'end'>, work: Node) => {
    const allowed: readonly Step[] = routes[name]
    const run = async ({ flow }: GraphState, config: LangGraphRunnableConfig) => {
      const update = await observe(`node:${name}`, () => work(flow, { lease: leaseOf(config), signal: config.signal }))
      const next = update.next ?? flow.next
      if (!allowed.includes(next)) throw new Error(`${name} may not go to ${next}`)
      return new Command({ update: { flow: { ...flow, ...update } }, goto: place(next) })
    }
    return [name, run, { ends: allowed.map(place) }] as const
  }
  return new StateGraph(State)
    .addNode(...node('triage', triage(deps)))
    .addNode(...node('recall', recall(deps)))
    .addNode(...node('investigate', investigate(deps)))
    .addNode(...node('propose', propose(deps)))
    .addNode(...node('authorize', authorize(deps)))
    .addNode(...node('await-decision', awaitDecision()))
    .addNode(...node('execute', execute(deps)))
    .addNode(...node('await-outcome', awaitOutcome()))
    .addNode(...node('verify', verify(deps)))
    .addNode(...node('record', record(deps)))
    .addEdge(START, 'triage')
    .compile({ checkpointer })
}

export type IncidentGraph = ReturnType<typeof incidentGraph>

function place(step: Step): Exclude<Step, 'end'> | typeof END {
  return step === 'end' ? END : step
}

function leaseOf({ configurable }: LangGraphRunnableConfig): Lease {
  const lease: unknown = configurable?.lease
  if (lease && typeof lease === 'object' && 'name' in lease && 'holder' in lease && 'epoch' in lease)
    return lease as Lease
  throw new Error('a node ran without a lease')
}
