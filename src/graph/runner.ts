import { randomUUID } from 'node:crypto'
import { Command, INTERRUPT, isInterrupted } from '@langchain/langgraph'
import { findIncident } from '../incidents/incident-rows.ts'
import { keepAlive, type Lease, takeLease } from '../incidents/leases.ts'
import type { Sql } from '../storage/postgres.ts'
import type { IncidentGraph } from './graph.ts'
import { newsFor, nextRequest } from './news.ts'
import { afterRequest } from './requests.ts'
import { beginning, type GraphState, type IncidentState, type IncidentUpdate } from './state.ts'

/** A worker that dies is followed by another after this long. */
export const LEASE_TTL_MS = 6_000
export const LEASE_BEAT_MS = 1_500
/** Far above what a round takes; a graph that circles is a bug and must not circle for ever. */
const MAX_STEPS = 200

export interface RunnerDeps {
  sql: Sql
  graph: IncidentGraph
  /** Names this process in leases. */
  instance: string
}

/**
 * Moves the graph of one incident as far as it goes, under its lease: starts it, resumes it with what has happened since,
 * or goes on where a crash left it. Does nothing while another worker has the lease; that one looks again before it lets go.
 */
export async function advance({ sql, graph, instance }: RunnerDeps, id: number, stop?: AbortSignal): Promise<void> {
  const lease = await takeLease(sql, `incident:${id}`, `${instance}/${randomUUID()}`, LEASE_TTL_MS)
  if (!lease) return
  const alive = keepAlive(sql, lease, { ttlMs: LEASE_TTL_MS, everyMs: LEASE_BEAT_MS })
  const signal = stop ? AbortSignal.any([alive.signal, stop]) : alive.signal
  try {
    let released = false
    while (!released) {
      const incident = await findIncident(sql, id)
      if (!incident) return
      await drive({ sql, graph, instance }, id, lease, signal)
      released = await release(sql, lease, id, incident.wants)
    }
  } finally {
    alive.stop()
  }
}

async function drive({ sql, graph }: RunnerDeps, id: number, lease: Lease, signal: AbortSignal): Promise<void> {
  const config = {
    configurable: { thread_id: `incident:${id}`, lease },
    durability: 'sync' as const,
    recursionLimit: MAX_STEPS,
    signal,
  }
  let stands = await lookUp(graph, config)
  for (;;) {
    signal.throwIfAborted()
    const input = await inputFor(sql, id, stands)
    if (input === undefined) return
    stands = standsAfter(await graph.invoke(input, config))
  }
}

type Input = Parameters<IncidentGraph['invoke']>[0]

/** How a thread stands: never begun, cut off in the middle, waiting under an interrupt's id, or at its end. */
type Standing =
  | { at: 'nothing' }
  | { at: 'cut off' }
  | { at: 'wait'; state: IncidentState; interrupt: string }
  | { at: 'end'; state: IncidentState }

async function lookUp(graph: IncidentGraph, config: Parameters<IncidentGraph['getState']>[0]): Promise<Standing> {
  const { values, next, tasks } = await graph.getState(config)
  const { flow: state } = values as Partial<GraphState>
  if (state === undefined) return { at: 'nothing' }
  if (next.length === 0) return { at: 'end', state }
  const [pending] = tasks[0]?.interrupts ?? []
  return pending?.id === undefined ? { at: 'cut off' } : { at: 'wait', state, interrupt: pending.id }
}

/** What a run came to is known from its result: the checkpoint need not be read again. */
function standsAfter(result: GraphState): Standing {
  const [pending] = isInterrupted(result) ? result[INTERRUPT] : []
  return pending?.id === undefined
    ? { at: 'end', state: result.flow }
    : { at: 'wait', state: result.flow, interrupt: pending.id }
}

/** What moves a thread on; undefined where nothing does for now. Null goes on where a crash left it. */
async function inputFor(sql: Sql, id: number, stands: Standing): Promise<Input | undefined> {
  switch (stands.at) {
    case 'nothing':
      return beginning(id)
    case 'cut off':
      return null
    case 'wait': {
      const news = await newsFor(sql, stands.state)
      return news && new Command({ resume: { [stands.interrupt]: news } })
    }
    case 'end': {
      const anew = await roundAfter(sql, stands.state)
      return anew && { flow: { ...stands.state, ...anew } }
    }
  }
}

/**
 * An ended thread begins again only where its alert fired again, so that the incident was reopened under a new round, or
 * where a person wants what was done taken back.
 */
async function roundAfter(sql: Sql, state: IncidentState): Promise<IncidentUpdate | undefined> {
  const incident = await findIncident(sql, state.incident)
  if (!incident) return undefined
  if (incident.status === 'closed') {
    const asked = await nextRequest(sql, state, 'undo')
    return asked ? { ...afterRequest(state, asked), incident: incident.id } : undefined
  }
  if (incident.round <= state.round) return undefined
  const fresh = { purpose: 'fix', basis: null, askedBy: null, chosen: null } as const
  return { incident: incident.id, round: incident.round, next: 'triage', ...fresh }
}

/**
 * Lets go of the lease if nothing was wanted since `seen`, in one statement: whoever wants something afterwards finds it
 * free, and whoever did before makes this one look again. True as well where it is another's by now.
 */
async function release(sql: Sql, { name, holder, epoch }: Lease, id: number, seen: number): Promise<boolean> {
  const [stands] = await sql<{ released: boolean; ours: boolean }[]>`
    with done as (update incidents set served = wants where id = ${id} and wants = ${seen} returning id),
    freed as (
      update leases set expires_at = '-infinity', holder = ''
      where name = ${name} and holder = ${holder} and epoch = ${epoch} and exists (select from done)
      returning name)
    select exists (select from freed) as released,
      exists (select from leases
        where name = ${name} and holder = ${holder} and epoch = ${epoch} and expires_at > watch_now()) as ours`
  return stands?.released || !stands?.ours
}
