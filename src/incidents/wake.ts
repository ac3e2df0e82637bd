import { inTransaction, type Sql, type SqlOrTx, type Tx } from '../storage/postgres.ts'
import type { Queue } from '../storage/queue.ts'

/** The queue whose jobs move the graph of one incident each. */
export const INCIDENT_QUEUE = 'incident'
/** Postgres channel on which a replica hears that cards have changed. */
export const CARDS_CHANNEL = 'watchkeeper_cards'
/** Postgres channel on which whoever speaks in the chat hears that something is to be said or asked there. */
export const ANSWERS_CHANNEL = 'watchkeeper_answers'

/**
 * Makes the graphs of these incidents look again. The row's `wants` is the truth and the job only a hint: whoever holds
 * the incident's lease looks until `served` has caught up, and the sweeper finds what a lost hint left behind.
 */
export async function wake(tx: Tx, queue: Queue, incidents: readonly number[]): Promise<void> {
  if (incidents.length === 0) return
  await tx`update incidents set wants = wants + 1 where id = any(${[...incidents].sort((a, b) => a - b)}::bigint[])`
  await hint(tx, queue, incidents)
}

/** Enqueues the jobs alone, for whoever has raised `wants` already. */
export async function hint(tx: Tx, queue: Queue, incidents: readonly number[]): Promise<void> {
  await queue.enqueueMany(
    tx,
    INCIDENT_QUEUE,
    incidents.map((incident) => ({ data: { incident }, key: String(incident) })),
  )
}

/** Sets the one timer of a kind for an incident, `afterMs` from now by the database's clock. */
export async function setTimer(sql: SqlOrTx, incident: number, kind: TimerKind, afterMs: number): Promise<void> {
  await sql`
    insert into timers (incident_id, kind, due_at)
    values (${incident}, ${kind}, watch_now() + ${afterMs} * interval '1 millisecond')
    on conflict (incident_id, kind) do update set due_at = excluded.due_at`
}

/** Sets the timer to a point of the database's time. */
export async function setTimerAt(sql: SqlOrTx, incident: number, kind: TimerKind, at: Date): Promise<void> {
  await sql`
    insert into timers (incident_id, kind, due_at) values (${incident}, ${kind}, ${at})
    on conflict (incident_id, kind) do update set due_at = excluded.due_at`
}

export type TimerKind = 'expiry' | 'verify' | 'snooze' | 'effect'

export async function clearTimers(sql: SqlOrTx, incident: number, kinds: readonly TimerKind[]): Promise<void> {
  await sql`delete from timers where incident_id = ${incident} and kind = any(${[...kinds]})`
}

/**
 * Finds every graph that should move and does not, and wakes it: a due timer, a target that nobody holds any more, or wants
 * above served with nobody holding its lease. Also moves the clock's high-water mark. Answers how many it woke.
 */
export async function sweep(sql: Sql, queue: Queue): Promise<number> {
  await sql`update clock set high_water = greatest(high_water, clock_timestamp() + test_offset)`
  return await inTransaction(sql, async (tx) => {
    // The incidents first, as everybody else does: whoever works on one sets its timers with the row in hand.
    const free = await tx<{ id: number }[]>`
      select id from incidents
      where id in (select incident_id from timers where due_at <= watch_now() order by due_at limit 500)
      order by id for no key update skip locked`
    const due = await tx<{ incident_id: number }[]>`
      delete from timers where incident_id = any(${free.map((row) => row.id)}::bigint[]) and due_at <= watch_now()
      returning incident_id`
    const incidents = [...new Set([...due.map((row) => row.incident_id), ...(await letGo(tx))])]
    await wake(tx, queue, incidents)
    const stuck = await tx<{ id: number }[]>`
      select i.id from incidents i
      where i.wants > i.served
        and not exists (select from leases l where l.name = 'incident:' || i.id and l.expires_at > watch_now())
      order by i.id limit 500`
    const left = stuck.map((row) => row.id).filter((id) => !incidents.includes(id))
    await hint(tx, queue, left)
    return incidents.length + left.length
  })
}

/**
 * Incidents that wait for one that has let go of its targets: it frees those it knows of, and one that began to wait in the
 * same moment is not among them.
 */
async function letGo(tx: Tx): Promise<number[]> {
  const rows = await tx<{ id: number }[]>`
    update incidents set waits_for = null
    where id in (
      select i.id from incidents i
      where i.waits_for is not null and not exists (select from leases l where l.incident_id = i.waits_for)
      order by i.id for no key update skip locked)
    returning id`
  return rows.map(({ id }) => id)
}
