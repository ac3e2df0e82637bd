import type { PingKind } from '../../incidents/announce.ts'
import { inTransaction, type Sql, type SqlOrTx } from '../../storage/postgres.ts'
import { pingOf } from '../cards/cards.ts'
import { incidentView } from '../incident-view.ts'
import { HELD } from './deliver-line.ts'
import type { OutboxDeps } from './deps.ts'
import { listLine, type severitySign, stillTrue } from './lines.ts'

/** Lines of one summary; nobody reads more. */
const LINES = 40
/** Of a summary as it is read, in UTF-16 units as Telegram counts its 4096; what is left is for what the search for secrets puts in. */
const LONGEST = 3_900
/** What the lines leave for the numbers of those that have none. */
const TAIL = 600
/** After how long those of a summary that could not be said may be in another. */
const AGAIN_MINUTES = 5

type BacklogDeps = Pick<OutboxDeps, 'sql' | 'channel' | 'runbookOf' | 'topics' | 'gate' | 'outside'>

interface Waiting {
  id: number
  severity: keyof typeof severitySign
}

/**
 * Sums up new incidents whose cards would take too long to show at the chat's rate: counted, listed, critical ones first.
 * Each is in one summary; the records say in which, so that one that could not be said leaves nobody untold.
 */
export async function sumUpWaiting(
  { sql, channel, runbookOf, topics, gate, outside }: BacklogDeps,
  backlog: number,
): Promise<void> {
  if (gate.free() === Number.POSITIVE_INFINITY) return
  const waiting = await untold(sql, channel)
  if (waiting.length <= backlog || waiting.length <= gate.free()) return
  const counts = Object.groupBy(waiting, ({ severity }) => severity)
  const counted = (['critical', 'warning', 'info', 'none'] as const)
    .flatMap((severity) =>
      counts[severity] ? [`${counts[severity].length} ${severity === 'none' ? 'other' : severity}`] : [],
    )
    .join(', ')
  const head = `🌩 ${waiting.length} new incidents (${counted}). The chat takes only so many messages a minute; their cards follow, the newest critical ones first.`
  const lines: string[] = []
  const nameless: number[] = []
  let room = LONGEST - TAIL - head.length
  for (const { id } of waiting) {
    const view = lines.length < LINES ? await incidentView(sql, id, runbookOf, outside) : undefined
    const line = view && cutLine(listLine(view))
    if (line === undefined || line.length >= room) nameless.push(id)
    else {
      lines.push(line)
      room -= line.length + 1
    }
  }
  const text = [head, ...lines, ...(nameless.length > 0 ? [numbersOf(nameless)] : [])].join('\n')
  const loud = waiting.some(({ severity }) => severity === 'critical')
  const tells = waiting.map(({ id }) => id)
  await notice(sql, channel, { subject: `backlog:${tells[0] ?? 0}`, topic: topics.fallback, text, loud, tells })
}

/** New incidents without a card, in no summary that waits or was said. */
async function untold(sql: Sql, channel: string): Promise<Waiting[]> {
  return await sql<Waiting[]>`
    with told as (
      select unnest(tells) as id from outbox
      where channel = ${channel} and tells is not null
        and (sent_at is null or sending_since is not null or error is null
          or sent_at > watch_now() - ${AGAIN_MINUTES} * interval '1 minute'))
    select i.id, i.severity from outbox o join incidents i on i.id = o.incident_id
    where o.channel = ${channel} and o.kind = 'card' and o.sent_at is null and i.closed_at is null
      and not exists (select from messages m where m.channel = o.channel and m.incident_id = i.id and m.kind = 'card')
      and i.id not in (select id from told)
    order by (i.severity = 'critical') desc, i.id desc`
}

function numbersOf(ids: readonly number[]): string {
  let text = `and ${ids.length} more:`
  for (const id of ids) {
    const next = `${text} #${id}`
    if (next.length > TAIL - 2) return `${text} …`
    text = next
  }
  return text
}

/**
 * Sums up in the morning what the quiet hours held back, where it is more than one thing; what no longer holds is left out.
 * What is taken off and what is said in its place is one transaction: a stop in the middle loses nothing.
 */
export async function sumUpNight({
  sql,
  channel,
  runbookOf,
  topics,
  outside,
}: Omit<BacklogDeps, 'gate'>): Promise<void> {
  const held = await sql<{ id: number; incident: number; text: string | null }[]>`
    select id, incident_id as incident, text from outbox
    where channel = ${channel} and kind = 'ping' and sent_at is null and error = ${HELD} and not_before <= watch_now()
    order by id`
  if (held.length < 2) return
  const lines = new Map<number, string>()
  for (const { id, incident, text } of held) {
    const view = await incidentView(sql, incident, runbookOf, outside)
    if (view && stillTrue(view, text ?? '')) lines.set(id, cutLine(pingOf(view, (text ?? '') as PingKind)))
  }
  await inTransaction(sql, async (tx) => {
    const taken = await tx<{ id: number }[]>`
      update outbox set sent_at = watch_now(), error = 'said in the morning summary'
      where id = any(${held.map(({ id }) => id)}::bigint[]) and sent_at is null
      returning id`
    const ids = new Set(taken.map(({ id }) => id))
    const said = [...lines].flatMap(([id, line]) => (ids.has(id) ? [line] : []))
    if (said.length === 0) return
    const head = `☀ The quiet hours are over. ${said.length === 1 ? 'One thing waits' : `${said.length} things wait`}:`
    const more = said.length > LINES ? [`and ${said.length - LINES} more`] : []
    const text = [head, ...said.slice(0, LINES), ...more].join('\n')
    // A subject of its own: another morning's, which still waits, is not replaced.
    const subject = `morning:${held[0]?.id ?? 0}`
    await notice(tx, channel, { subject, topic: topics.fallback, text, loud: true, tells: null })
  })
}

interface Summary {
  subject: string
  topic: string
  text: string
  loud: boolean
  /** The incidents whose turn in a summary this is. */
  tells: number[] | null
}

async function notice(sql: SqlOrTx, channel: string, { subject, topic, text, loud, tells }: Summary): Promise<void> {
  await sql`
    insert into outbox (channel, kind, subject, text, loud, topic, tells)
    values (${channel}, 'notice', ${subject}, ${text}, ${loud}, ${topic}, ${tells}::bigint[])
    on conflict (channel, subject) where sent_at is null
      do update set text = excluded.text, loud = excluded.loud, tells = excluded.tells`
}

function cutLine(line: string): string {
  return line.length > 85 ? `${line.slice(0, 84).toWellFormed()}…` : line
}
