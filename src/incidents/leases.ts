import type { Sql, SqlOrTx } from '../storage/postgres.ts'

/** A lease somebody holds for a while. The epoch rises with every change of holder: work done under an old one is refused. */
export interface Lease {
  name: string
  holder: string
  epoch: number
}

/** Takes the lease if it is free, expired or the holder's already. Undefined while somebody else has it. */
export async function takeLease(sql: SqlOrTx, name: string, holder: string, ttlMs: number): Promise<Lease | undefined> {
  const [row] = await sql<{ epoch: number }[]>`
    insert into leases as l (name, holder, expires_at)
    values (${name}, ${holder}, watch_now() + ${ttlMs} * interval '1 millisecond')
    on conflict (name) do update set
      holder = excluded.holder, expires_at = excluded.expires_at, taken_at = watch_now(),
      epoch = l.epoch + case when l.holder = excluded.holder then 0 else 1 end
    where l.holder = excluded.holder or l.expires_at <= watch_now()
    returning epoch`
  return row && { name, holder, epoch: row.epoch }
}

/** Extends a lease still held under the same epoch; false when it is lost. */
export async function keepLease(sql: SqlOrTx, { name, holder, epoch }: Lease, ttlMs: number): Promise<boolean> {
  const { count } = await sql`
    update leases set expires_at = watch_now() + ${ttlMs} * interval '1 millisecond'
    where name = ${name} and holder = ${holder} and epoch = ${epoch} and expires_at > watch_now()`
  return count === 1
}

/** Gives a lease back. The row stays, so that the epoch goes on rising. */
export async function dropLease(sql: SqlOrTx, { name, holder, epoch }: Lease): Promise<void> {
  await sql`update leases set expires_at = '-infinity', holder = '' where name = ${name} and holder = ${holder} and epoch = ${epoch}`
}

/** Whether the lease is still held, read under a lock so that it stays so until the transaction ends. */
export async function holdsLease(sql: SqlOrTx, { name, holder, epoch }: Lease): Promise<boolean> {
  const rows = await sql`
    select 1 from leases
    where name = ${name} and holder = ${holder} and epoch = ${epoch} and expires_at > watch_now() for update`
  return rows.length === 1
}

/**
 * Takes every target for an incident, without expiry: held from the first start until the outcome is known. Answers the
 * incident that stands in the way, or undefined when all are ours. Where one is another's, none is taken: two incidents that
 * each held a part would wait for each other.
 */
export async function takeTargets(
  sql: SqlOrTx,
  incident: number,
  targets: readonly string[],
): Promise<number | undefined> {
  const added: string[] = []
  for (const target of [...new Set(targets)].sort()) {
    const name = `target:${target}`
    const [row] = await sql<{ incident_id: number; added: boolean }[]>`
      insert into leases as l (name, holder, incident_id) values (${name}, ${`incident:${incident}`}, ${incident})
      on conflict (name) do update set taken_at = l.taken_at returning incident_id, xmax = 0 as added`
    if (row && row.incident_id !== incident) {
      await sql`delete from leases where name = any(${added}::text[])`
      return row.incident_id
    }
    if (row?.added) added.push(name)
  }
  return undefined
}

/** The incident that works on one of these targets now, if it is another one. */
export async function targetsInTheWay(
  sql: SqlOrTx,
  incident: number,
  targets: readonly string[],
): Promise<number | undefined> {
  const names = targets.map((target) => `target:${target}`)
  const [row] = await sql<{ incident_id: number }[]>`
    select incident_id from leases where name = any(${names}) and incident_id <> ${incident} order by incident_id limit 1`
  return row?.incident_id
}

/** Frees an incident's targets and answers the incidents that waited for it. */
export async function freeTargets(sql: SqlOrTx, incident: number): Promise<number[]> {
  const rows = await sql<{ id: number }[]>`
    with freed as (delete from leases where incident_id = ${incident} and name like 'target:%')
    update incidents set waits_for = null where waits_for = ${incident} returning id`
  return rows.map((row) => row.id)
}

export interface KeepOptions {
  ttlMs: number
  everyMs: number
}

/**
 * Keeps a lease alive until `stop` is called, and aborts `signal` the moment it is lost or the database has not confirmed
 * it for a whole life: whoever is cut off stops before somebody else starts.
 */
export function keepAlive(
  sql: Sql,
  lease: Lease,
  { ttlMs, everyMs }: KeepOptions,
): { signal: AbortSignal; stop: () => void } {
  const lost = new AbortController()
  let confirmed = performance.now()
  let asking = false
  const timer = setInterval(async () => {
    if (performance.now() - confirmed > ttlMs) return give('was not confirmed in time')
    if (asking) return
    asking = true
    const asked = performance.now()
    try {
      if (!(await keepLease(sql, lease, ttlMs))) return give('is held by somebody else')
      confirmed = asked
    } catch {
      // The next beat tries again; the check above ends it when the whole life has passed.
    } finally {
      asking = false
    }
  }, everyMs)
  function give(why: string): void {
    clearInterval(timer)
    lost.abort(new Error(`lease ${lease.name} ${why}`))
  }
  return { signal: lost.signal, stop: () => clearInterval(timer) }
}
