import type { Labels } from '../domain/alert.ts'
import type { Json } from '../domain/json.ts'
import type { Person } from '../domain/person.ts'
import { ANSWERS_CHANNEL } from '../incidents/wake.ts'
import type { AnswerPlace, InvestigationKind } from '../investigation/investigation-rows.ts'
import { isUnavailable, type Sql } from '../storage/postgres.ts'
import { tellAnswer } from './answers.ts'
import { cut } from './cards/clean.ts'
import { editPromptHtml } from './edit-prompt.ts'
import type { OutboxLog } from './outbox/deps.ts'
import { lineHtml } from './outbox/lines.ts'
import { type Messenger, MessengerError, type Sent } from './outbox/messenger.ts'
import { bell, resting } from './outbox/resting.ts'
import { escapeHtml } from './telegram-html.ts'

/** Where something is said in a chat. */
export interface Place {
  chatId: number
  threadId: number | null
  replyTo?: number
}

/** Says things in any chat, within its rate. Rejects with MessengerError. */
export interface Speaker {
  /** `asItIs`: it is ours to tell, such as a login link, and not searched for secrets. */
  say(to: Place, html: string, more?: { wantsReply?: string; asItIs?: boolean }): Promise<Sent>
  edit(at: { chatId: number; messageId: number }, html: string): ReturnType<Messenger['edit']>
  /** Whether the chat's rate leaves room for what only passes the time. */
  hasRoom(chatId: number): boolean
}

export interface AnswersDeps {
  sql: Sql
  /** Our own chat: while nothing may be written there, what is to be said there waits until a person has mended that. */
  chatId: number
  speaker: Speaker
  people: () => readonly Person[]
  /** Whether labels keep an incident at home: the chat is told only that there is an answer. */
  staysHome: (labels: Labels) => boolean
  log: OutboxLog
  /** How long a question is worked on before its asker is told so, and between two edits of that; 1.5 s and 3 s unless told. */
  progressAfterMs?: number
  progressEveryMs?: number
  /** After how long an answer is said again that could not be searched for secrets; 15 s unless told. */
  withheldMs?: number
}

const POLL_MS = 1_000
/** Refusals after which something is given up: it will not get better. */
const MOST_TRIES = 3
const LONGEST = 3_800

interface Untold {
  id: string
  kind: InvestigationKind
  status: 'waiting' | 'running' | 'done'
  progress: string | null
  report: Json | null
  to: AnswerPlace
  message: number | null
  age: number
  incident: number | null
  /** Of its incident, and of that one's alerts. */
  labels: Labels[]
}

/**
 * Says in the chat what questions came to, until `signal` aborts: at least once, and after a restart what was left unsaid. While
 * one is worked on, a line tells what is being done, and becomes the answer. Run it on one replica at a time.
 */
export async function runAnswers(deps: AnswersDeps, signal: AbortSignal): Promise<void> {
  const { sql, log } = deps
  const nudged = bell()
  const state: Telling = { progress: new Map(), tries: new Map(), withheld: new Map() }
  const listening = await sql.listen(ANSWERS_CHANNEL, nudged.ring, nudged.ring)
  try {
    while (!signal.aborted) {
      try {
        await askForReplies(deps, state)
        for (const row of await untold(sql)) {
          if (signal.aborted) break
          await tried(deps, state, { id: row.id, chatId: row.to.chatId }, () =>
            row.status === 'done' ? tell(deps, state, row) : pass(deps, state, row),
          )
        }
        await nudged.wait(POLL_MS, signal)
      } catch (error) {
        if (signal.aborted) break
        if (!isUnavailable(error)) log.error({ err: error }, 'answers stumbled')
        await resting(POLL_MS, signal)
      }
    }
  } finally {
    await listening.unlisten().catch(() => {})
  }
}

interface Telling {
  /** What was last told of each that is being worked on, and when (monotonic ms). */
  progress: Map<string, { line: string; at: number }>
  tries: Map<string, number>
  /** When something was said in place of an answer that could not be searched for secrets (monotonic ms). */
  withheld: Map<string, number>
}

async function untold(sql: Sql): Promise<Untold[]> {
  return await sql<Untold[]>`
    select i.id, i.kind, i.status, i.progress, i.report, i.answer_to as "to", i.said_message as message,
      i.incident_id as incident, extract(epoch from watch_now() - i.created_at)::float8 * 1000 as age,
      (select coalesce(jsonb_agg(a.labels), '[]') from alerts a where a.incident_id = n.id) || coalesce(n.labels, '[]') as labels
    from investigations i left join incidents n on n.id = i.incident_id
    where i.answer_to is not null and i.told_at is null and i.status <> 'withdrawn'
      and coalesce(i.ended_at, i.created_at) > watch_now() - interval '1 day'
    order by (i.status = 'done') desc, i.created_at limit 50`
}

/** One that cannot be said must not hold up the others; what will never do is given up. */
async function tried(
  { sql, log, chatId: ours }: AnswersDeps,
  { tries }: Telling,
  { id, chatId }: { id: string; chatId: number },
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work()
    tries.delete(id)
  } catch (error) {
    if (!(error instanceof MessengerError)) throw error
    const count = (tries.get(id) ?? 0) + 1
    tries.set(id, count)
    const hopeless =
      ['refused', 'thread_gone'].includes(error.failure) || (error.failure === 'closed' && chatId !== ours)
    log.warn({ err: error, investigation: id }, hopeless ? 'an answer was refused' : 'an answer has to wait')
    if (!hopeless || count < MOST_TRIES) return
    tries.delete(id)
    await sql`update investigations set told_at = watch_now() where id::text = ${id} and told_at is null`
    await sql`update edits_wanted set asked_at = watch_now() where id::text = ${id} and asked_at is null`
  }
}

/** Where the search for secrets fails, the same message is made the answer later. */
async function tell(
  { sql, speaker, staysHome, withheldMs = 15_000 }: AnswersDeps,
  { progress, withheld }: Telling,
  row: Untold,
): Promise<void> {
  progress.delete(row.id)
  const last = withheld.get(row.id)
  if (last !== undefined && performance.now() - last < withheldMs) return
  const home = row.labels.some(staysHome)
  const html = home ? atHome(row) : htmlOf(row)
  const { to } = row
  const edited = row.message === null ? 'gone' : await speaker.edit({ chatId: to.chatId, messageId: row.message }, html)
  const said = edited === 'gone' ? await speaker.say(placeOf(to), html) : undefined
  const message = said?.messageId ?? row.message
  if (edited === 'withheld' || said?.withheld) {
    withheld.set(row.id, performance.now())
    await sql`update investigations set said_message = ${message} where id = ${row.id}`
    return
  }
  withheld.delete(row.id)
  await sql`update investigations set said_message = ${message}, told_at = watch_now() where id = ${row.id}`
}

/** A line on what is being done, for one that takes its time. */
async function pass(
  { sql, speaker, progressAfterMs = 1_500, progressEveryMs = 3_000 }: AnswersDeps,
  { progress }: Telling,
  row: Untold,
): Promise<void> {
  const { to, message } = row
  if (row.age < progressAfterMs || !speaker.hasRoom(to.chatId)) return
  const line = row.progress ?? 'Looking …'
  const last = progress.get(row.id)
  if (last && (last.line === line || performance.now() - last.at < progressEveryMs)) return
  progress.set(row.id, { line, at: performance.now() })
  if (message === null) {
    const { messageId: said } = await speaker.say(placeOf(to), lineHtml(line))
    await sql`update investigations set said_message = ${said} where id = ${row.id} and said_message is null`
    return
  }
  await speaker.edit({ chatId: to.chatId, messageId: message }, lineHtml(line))
}

function placeOf({ chatId, threadId, replyTo }: AnswerPlace): Place {
  return { chatId, threadId, ...(replyTo !== null && { replyTo }) }
}

function atHome({ incident }: Untold): string {
  return lineHtml(`The answer is in the console: #${incident} stays at home, by its labels.`)
}

function htmlOf({ report }: Untold): string {
  const { lines, seen, notes, footer } = tellAnswer(report)
  let room = LONGEST - footer.length - 2
  const take = (text: string) => {
    const taken = cut(text, Math.max(0, room))
    room -= taken.length + 1
    return lineHtml(taken)
  }
  const parts = [
    lines.map(take),
    notes.map(take),
    seen.length === 0 ? [] : ['<b>Seen</b>', ...seen.map((one) => `· ${take(one)}`)],
    [lineHtml(footer)],
  ]
  return parts
    .map((part) => part.filter((line) => line !== '').join('\n'))
    .filter((part) => part !== '')
    .join('\n\n')
}

/** Asks those who pressed Modify for their words; a reply to that message is what they want otherwise. */
async function askForReplies(deps: AnswersDeps, state: Telling): Promise<void> {
  const { sql, speaker, people } = deps
  const wanted = await sql<
    { id: number; incident: number; person: string; chatId: number; threadId: number | null; card: number | null }[]
  >`
    select id, incident_id as incident, person, chat_id as "chatId", thread_id as "threadId", card_message as card
    from edits_wanted where asked_at is null and created_at > watch_now() - interval '1 hour' order by id limit 20`
  for (const { id, incident, person, chatId, threadId, card } of wanted) {
    const telegramId = people().find(({ name }) => name === person)?.telegramId
    const name = escapeHtml(cut(person, 60))
    const called = telegramId ? `<a href="tg://user?id=${telegramId}">${name}</a>` : name
    const html = editPromptHtml(called, incident)
    await tried(deps, state, { id: String(id), chatId }, async () => {
      const place = { chatId, threadId, ...(card !== null && { replyTo: card }) }
      const { messageId: message } = await speaker.say(place, html, { wantsReply: 'memory=2Gi' })
      await sql`update edits_wanted set message_id = ${message}, asked_at = watch_now() where id = ${id}`
    })
  }
}
