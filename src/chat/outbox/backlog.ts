import type { PingKind } from '../../incidents/announce.ts'
import { inTransaction, type Sql } from '../../storage/postgres.ts'
import { pingOf } from '../cards/cards.ts'
import { incidentView } from '../incident-view.ts'
import { HELD } from './deliver-line.ts'
import type { OutboxDeps } from './deps.ts'
import { listLine, type severitySign, stillTrue } from './lines.ts'

/** Lines of one summary; more would not fit into a message. */
const LINES = 40

/**
 * Sums up new incidents whose cards would take too long to show at the chat's rate: counted, listed, critical ones first.
 * `told` keeps who was in a summary already.
 */
export async function sumUpWaiting(
  { sql, channel, runbookOf, topics, gate, outside }: OutboxDeps,
  told: Set<number>,
  backlog: number,
): Promise<void> {
  if (gate.free() === Number.POSITIVE_INFINITY) return
  const waiting = await sql<{ id: number; severity: keyof typeof severitySign }[]>`
    select i.id, i.severity from outbox o join incidents i on i.id = o.incident_id
    where o.channel = ${channel} and o.kind = 'card' and o.sent_at is null and i.closed_at is null
      and not exists (select from messages m where m.channel = o.channel and m.incident_id = i.id and m.kind = 'card')
      and not (i.id = any(${[...told]}::bigint[]))
    order by (i.severity = 'critical') desc, i.id desc`
  if (waiting.length <= backlog || waiting.length <= gate.free()) return
  const counts = Object.groupBy(waiting, ({ severity }) => severity)
  const counted = (['critical', 'warning', 'info', 'none'] as const)
    .flatMap((severity) =>
      counts[severity] ? [`${counts[severity].length} ${severity === 'none' ? 'other' : severity}`] : [],
    )
    .join(', ')
  const lines: string[] = []
  for (const { id } of waiting.slice(0, LINES)) {
    const view = await incidentView(sql, id, runbookOf, outside)
    if (view) lines.push(cutLine(listLine(view)))
  }
  const rest = waiting.length - lines.length
  const text = [
    `🌩 ${waiting.length} new incidents (${counted}). The chat takes only so many messages a minute; their cards follow, the newest critical ones first.`,
    ...lines,
    ...(rest > 0
      ? [
          `and ${rest} more: ${waiting
            .slice(LINES)
            .map(({ id }) => `#${id}`)
            .join(' ')}`.slice(0, 800),
        ]
      : []),
  ].join('\n')
  const loud = waiting.some(({ severity }) => severity === 'critical')
  await notice(sql, channel, { subject: `backlog:${waiting[0]?.id ?? 0}`, topic: topics.fallback, text, loud })
  for (const { id } of waiting) told.add(id)
}

/** Sums up in the morning what the quiet hours held back, where it is more than one thing; what no longer holds is left out. */
export async function sumUpNight({ sql, channel, runbookOf, topics, outside }: OutboxDeps): Promise<void> {
  const held = await sql<{ id: number; incident: number; text: string | null }[]>`
    select id, incident_id as incident, text from outbox
    where channel = ${channel} and kind = 'ping' and sent_at is null and error = ${HELD} and not_before <= watch_now()
    order by id`
  if (held.length < 2) return
  const lines: string[] = []
  for (const { incident, text } of held) {
    const view = await incidentView(sql, incident, runbookOf, outside)
    if (view && stillTrue(view, text ?? '')) lines.push(cutLine(pingOf(view, (text ?? '') as PingKind)))
  }
  await inTransaction(sql, async (tx) => {
    await tx`
      update outbox set sent_at = watch_now(), error = 'said in the morning summary'
      where id = any(${held.map(({ id }) => id)}::bigint[]) and sent_at is null`
  })
  if (lines.length === 0) return
  const head = `☀ The quiet hours are over. ${lines.length === 1 ? 'One thing waits' : `${lines.length} things wait`}:`
  const text = [head, ...lines.slice(0, LINES), ...(lines.length > LINES ? [`and ${lines.length - LINES} more`] : [])]
  await notice(sql, channel, { subject: 'morning', topic: topics.fallback, text: text.join('\n'), loud: true })
}

async function notice(
  sql: Sql,
  channel: string,
  { subject, topic, text, loud }: { subject: string; topic: string; text: string; loud: boolean },
): Promise<void> {
  await sql`
    insert into outbox (channel, kind, subject, text, loud, topic)
    values (${channel}, 'notice', ${subject}, ${text}, ${loud}, ${topic})
    on conflict (channel, subject) where sent_at is null do update set text = excluded.text, loud = excluded.loud`
}

function cutLine(line: string): string {
  return line.length > 85 ? `${line.slice(0, 84).toWellFormed()}…` : line
}
