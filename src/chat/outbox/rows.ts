import { errorCode, type Sql, type SqlOrTx } from '../../storage/postgres.ts'
import type { Shown } from './shown.ts'

/**
 * A row's way: waiting (`sent_at` is null) > claimed (`sent_at` and `sending_since` are set) > sent (`sending_since` is null
 * again). While it is claimed a newer announcement makes a row of its own, so what is drawn from is never taken for news
 * that came later. `attempts` is the claim's stamp: whoever claimed before, and woke up late, settles nothing.
 */
export interface Row {
  id: number
  incident: number | null
  kind: 'card' | 'ping' | 'notice'
  subject: string
  text: string | null
  loud: boolean
  topic: string | null
  attempts: number
  /** Sends that nobody answered: it may be there. */
  unanswered: number
  /** Answers that it will not do as it is. */
  refusals: number
  createdAt: Date
  /** Where the card of its incident stands; null while none does. */
  shown: Shown | null
}

const columns = `id, incident_id as incident, kind, subject, text, loud, topic, attempts, unanswered, refusals, created_at as "createdAt", (
  select jsonb_build_object('chatId', m.chat_id, 'threadId', m.thread_id, 'messageId', m.message_id,
    'bodyHash', m.body_hash, 'shownDigest', m.shown_digest)
  from messages m where m.channel = outbox.channel and m.incident_id = outbox.incident_id and m.kind = 'card') as shown`

/** What belongs together and goes out in order: an incident, or (negative) a notice of its own. */
export type Unit = number

export interface PickOptions {
  channel: string
  busy: readonly Unit[]
  limit: number
  /** So many waiting units are a backlog: then the newest critical incident comes first. */
  backlog: number
}

/** The next units with something to say: oldest first; when far behind, notices (among them its summary), then newest critical. */
export async function pickUnits(sql: Sql, { channel, busy, limit, backlog }: PickOptions): Promise<Unit[]> {
  const rows = await sql<{ unit: Unit }[]>`
    with due as (
      select coalesce(o.incident_id, -o.id) as unit, min(o.id) as first,
        coalesce(bool_or(i.severity = 'critical' and i.closed_at is null), false) as critical, count(*) over () as waiting
      from outbox o left join incidents i on i.id = o.incident_id
      where o.channel = ${channel} and o.sent_at is null and o.not_before <= watch_now()
        and not (coalesce(o.incident_id, -o.id) = any(${[...busy]}::bigint[]))
        and not exists (
          select from outbox held where held.channel = o.channel and held.incident_id = o.incident_id
            and held.kind = 'card' and held.sent_at is null and held.not_before > watch_now())
      group by 1)
    select unit from due
    order by
      case when waiting <= ${backlog} then 2 when unit < 0 then 0 when critical then 1 else 2 end,
      case when waiting > ${backlog} then -unit else first end
    limit ${limit}`
  return rows.map(({ unit }) => unit)
}

/**
 * Claims the next row of a unit: the card before what was said beside it. A card that nobody has seen yet swallows the
 * pings that wait beside it and is loud in their stead; not in quiet hours, which hold pings back unless the incident is
 * critical. Undefined when nothing is due.
 */
export async function claimNext(
  sql: Sql,
  { channel, unit, quiet }: { channel: string; unit: Unit; quiet: boolean },
): Promise<Row | undefined> {
  const [row] = await sql<Row[]>`
    update outbox set sent_at = watch_now(), sending_since = watch_now(), attempts = attempts + 1
    where id = (
      select id from outbox
      where channel = ${channel} and sent_at is null and not_before <= watch_now()
        and ${unit < 0 ? sql`id = ${-unit}` : sql`incident_id = ${unit}`}
      order by case kind when 'card' then 0 when 'ping' then 1 else 2 end, id
      limit 1 for update skip locked)
    returning ${sql.unsafe(columns)}`
  if (!row) return undefined
  const unseen = row.kind === 'card' && (row.shown?.messageId ?? null) === null
  return unseen ? await swallowPings(sql, row, { channel, quiet }) : row
}

/** One statement, so that what is swallowed is on the card's row in the same moment. */
async function swallowPings(sql: Sql, row: Row, { channel, quiet }: { channel: string; quiet: boolean }): Promise<Row> {
  const [now] = await sql<{ loud: boolean }[]>`
    with swallowed as (
      update outbox set sent_at = watch_now(), error = 'said by the card'
      where channel = ${channel} and incident_id = ${row.incident} and kind = 'ping' and sent_at is null
        and not_before <= watch_now()
        and (not ${quiet} or exists (select from incidents i where i.id = incident_id and i.severity = 'critical'))
      returning id)
    update outbox set loud = loud or exists (select from swallowed)
    where id = ${row.id} and attempts = ${row.attempts} returning loud`
  return { ...row, loud: now?.loud ?? row.loud }
}

/** The messenger has it, or it need not be said any more. */
export async function settle(sql: SqlOrTx, row: Row, because: string | null = null): Promise<void> {
  await sql`
    update outbox set sent_at = watch_now(), sending_since = null, error = ${because}
    where id = ${row.id} and attempts = ${row.attempts}`
}

export interface GiveBack {
  /** Milliseconds until it may be tried again. */
  afterMs: number
  error: string | null
  /** What it failed by, where that is counted. */
  counts?: 'unanswered' | 'refusals'
}

/**
 * It was not sent: it waits again. Where a newer row of the same subject waits already, that one says more, and this one
 * goes; what was loud stays so.
 */
export async function giveBack(sql: Sql, row: Row, { afterMs, error, counts }: GiveBack): Promise<void> {
  try {
    const { count } = await sql`
      update outbox set sent_at = null, sending_since = null, error = ${error},
        unanswered = unanswered + ${counts === 'unanswered' ? 1 : 0}, refusals = refusals + ${counts === 'refusals' ? 1 : 0},
        not_before = watch_now() + ${afterMs} * interval '1 millisecond'
      where id = ${row.id} and attempts = ${row.attempts} and sending_since is not null`
    if (count === 1) return
  } catch (conflict) {
    if (errorCode(conflict) !== UNIQUE_VIOLATION) throw conflict
  }
  await yieldToNewer(sql, row)
}

const UNIQUE_VIOLATION = '23505'

async function yieldToNewer(sql: Sql, row: Row): Promise<void> {
  await sql`
    with gone as (
      delete from outbox where id = ${row.id} and attempts = ${row.attempts} and sending_since is not null
      returning channel, subject, loud)
    update outbox newer set loud = newer.loud or gone.loud from gone
    where newer.channel = gone.channel and newer.subject = gone.subject and newer.sent_at is null`
}

/** Takes up what a sender left behind that is no more: nobody knows whether its last messages arrived. */
export async function recoverClaims(sql: Sql, channel: string): Promise<number> {
  const rows = await sql<Row[]>`
    select ${sql.unsafe(columns)} from outbox
    where channel = ${channel} and sending_since is not null and sent_at is not null order by id`
  const lost = { afterMs: 0, error: 'the sender stopped in the middle', counts: 'unanswered' } as const
  for (const row of rows) await giveBack(sql, row, lost)
  return rows.length
}

const KEPT_DAYS = 7

/** Forgets rows that were sent long ago. */
export async function pruneSent(sql: Sql): Promise<void> {
  await sql`
    delete from outbox
    where sent_at < watch_now() - ${KEPT_DAYS} * interval '1 day' and sending_since is null`
  await sql`delete from updates where taken_at < watch_now() - ${KEPT_DAYS} * interval '1 day'`
}
