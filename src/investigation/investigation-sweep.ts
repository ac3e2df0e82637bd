import { inTransaction, type Sql } from '../storage/postgres.ts'
import { QUEUE_SCHEMA, type Queue } from '../storage/queue.ts'
import { type InvestigationKind, MOST_ATTEMPTS, queueOf } from './investigation-rows.ts'

/** How much longer than its deadline one may run: its secrets are cut out and its report is pushed after that. */
const MARGIN_MINUTES = 15

interface Lying {
  id: string
  kind: InvestigationKind
  attempts: number
  hasJob: boolean
}

/**
 * Looks for what nobody works on any more. What has no job gets a new one while it may still be begun. Answers the ids of the
 * others, which are to be ended: begun as often as they may be, or long past their deadline. Run it once a minute.
 */
export async function sweepInvestigations(
  sql: Sql,
  queue: Queue,
  kinds: readonly InvestigationKind[],
): Promise<string[]> {
  const lying = await sql<Lying[]>`
    select i.id, i.kind, i.attempts, coalesce(j.any, false) as "hasJob"
    from investigations i left join lateral (
      select true as any, bool_or(state <> 'active') as waits from ${sql(QUEUE_SCHEMA)}.job
      where name = any(${kinds.map(queueOf)}) and singleton_key = i.id::text and state in ('created', 'retry', 'active')
      having count(*) > 0
    ) j on true
    where i.status in ('waiting', 'running') and i.kind = any(${[...kinds]})
      and (j.any is null
        or (i.status = 'running' and not j.waits
          and i.started_at < watch_now() - (i.request->>'deadlineMs')::float8 * interval '1 millisecond'
            - ${MARGIN_MINUTES} * interval '1 minute'))`
  const anew = lying.filter(({ hasJob, attempts }) => !hasJob && attempts < MOST_ATTEMPTS)
  for (const { id, kind } of anew)
    await inTransaction(sql, (tx) => queue.enqueue(tx, queueOf(kind), { investigation: id }, { key: id }))
  return lying.filter((one) => !anew.includes(one)).map(({ id }) => id)
}

const KEPT_DAYS = 30
/** So many at a time: the rest has its turn at the next sweep. */
const PRUNED_AT_ONCE = 200

/**
 * Forgets what was recorded and seen by investigations that ended more than 30 days ago, of incidents that have been closed as
 * long. Their reports stay.
 */
export async function pruneInvestigations(sql: Sql): Promise<void> {
  await sql`
    with old as (
      select i.id, i.incident_id from investigations i left join incidents n on n.id = i.incident_id
      where i.pruned_at is null and i.ended_at < watch_now() - ${KEPT_DAYS} * interval '1 day'
        and (i.incident_id is null or n.closed_at < watch_now() - ${KEPT_DAYS} * interval '1 day')
      order by i.ended_at limit ${PRUNED_AT_ONCE} for update of i skip locked
    ), looks as (
      delete from evidence e using old
      where e.incident_id = old.incident_id and starts_with(e.key, 'look:' || left(old.id::text, 8) || ':')
    )
    update investigations i set recording = null, pruned_at = watch_now() from old where i.id = old.id`
}
