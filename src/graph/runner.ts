import { randomUUID } from 'node:crypto'
import { Command } from '@langchain/langgraph'
import { findIncident } from '../incidents/incident-rows.ts'
import { keepAlive, type Lease, takeLease } from '../incidents/leases.ts'
import type { Sql } from '../storage/postgres.ts'
import type { IncidentGraph } from './graph.ts'
import { newsFor, nextRequest } from './news.ts'
import { afterRequest } from './requests.ts'
import { beginning, type GraphState, type IncidentState, type IncidentUpdate } from './state.ts'

/** A worker that dies is followed by another after this long. */
const LEASE_TTL_MS = 6_000
const LEASE_BEAT_MS = 1_500
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
  for (;;) {
    signal.throwIfAborted()
    const snapshot = await graph.getState(config)
    const { flow: state } = snapshot.values as Partial<GraphState>
    const [task] = snapshot.tasks
    const [pending] = task?.interrupts ?? []
    if (state === undefined) {
      await graph.invoke(beginning(id), config)
    } else if (snapshot.next.length === 0) {
      const anew = await roundAfter(sql, state)
      if (!anew) return
      await graph.invoke({ flow: { ...state, ...anew } }, config)
    } else if (pending?.id !== undefined) {
      const news = await newsFor(sql, state)
      if (!news) return
      await graph.invoke(new Command({ resume: { [pending.id]: news } }), config)
    } else {
      await graph.invoke(null, config)
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
    const asked = await nextRequest(sql, state, ['undo'])
    return asked ? { ...afterRequest(state, asked), incident: incident.id } : undefined
  }
  if (incident.round <= state.round) return undefined
  return { incident: incident.id, round: incident.round, next: 'triage', purpose: 'fix', basis: null, askedBy: null }
}

/**
 * Lets go of the lease if nothing was wanted since `seen`, in one statement: whoever wants something afterwards finds it
 * free, and whoever did before makes this one look again.
 */
async function release(sql: Sql, lease: Lease, id: number, seen: number): Promise<boolean> {
  const rows = await sql`
    with done as (update incidents set served = wants where id = ${id} and wants = ${seen} returning id)
    update leases set expires_at = '-infinity', holder = ''
    where name = ${lease.name} and holder = ${lease.holder} and epoch = ${lease.epoch} and exists (select from done)
    returning name`
  return rows.length === 1 || !(await stillOurs(sql, lease))
}

async function stillOurs(sql: Sql, { name, holder, epoch }: Lease): Promise<boolean> {
  const rows =
    await sql`select 1 from leases where name = ${name} and holder = ${holder} and epoch = ${epoch} and expires_at > watch_now()`
  return rows.length === 1
}
