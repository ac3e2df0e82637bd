import { createHash } from 'node:crypto'
import type { CallbackQuery } from 'grammy/types'
import { recordRefusal } from '../approvals/refusals.ts'
import type { Person } from '../domain/person.ts'
import type { ApprovalDesk, Press, PressAnswer } from '../domain/press.ts'
import { inTransaction, type Sql } from '../storage/postgres.ts'
import type { OutboxLog } from './outbox/deps.ts'
import { type Speaker, speakerOf } from './telegram-people.ts'

export interface PressDeps {
  sql: Sql
  desk: ApprovalDesk
  people: () => readonly Person[]
  chatId: number
  log: OutboxLog
  /** Answers a callback query. Rejects when Telegram would not have it. */
  answer: (queryId: string, answer: PressAnswer) => Promise<void>
  /** Takes the buttons off an old copy of a card. */
  strip: (messageId: number) => Promise<void>
  /** How long a presser waits at most for a first word; 1.5 s unless told. */
  receivedAfterMs?: number
}

const RECEIVED: PressAnswer = { text: 'Received. The card will show what became of it.', alert: false }
/** What a callback's answer may hold. */
const LONGEST = 200

/**
 * Takes presses of buttons: resolves when the press is taken, whatever became of it, and rejects when it must come again.
 * Telegram takes one answer for each: the outcome, or "Received" where that is slow in coming.
 */
export function telegramPresses(deps: PressDeps): (query: CallbackQuery, updateId: number) => Promise<void> {
  const { log, receivedAfterMs = 1_500 } = deps
  const taking = new Map<number, Promise<void>>()

  return function take(query, updateId) {
    // The same update again while the first is being taken: whoever took it answers, and once.
    const running = taking.get(updateId)
    if (running) return running
    const work = takeOnce(query, updateId).finally(() => taking.delete(updateId))
    taking.set(updateId, work)
    return work
  }

  async function takeOnce(query: CallbackQuery, updateId: number): Promise<void> {
    let answered = false
    const say = async (answer: PressAnswer) => {
      if (answered) return
      answered = true
      await deps.answer(query.id, { ...answer, text: answer.text.slice(0, LONGEST) }).catch((error: unknown) => {
        log.info({ err: error, update: updateId }, 'a press could not be answered any more')
      })
    }
    const slow = setTimeout(() => void say(RECEIVED), receivedAfterMs)
    try {
      const press = pressOf(query, updateId, deps)
      const outcome = 'because' in press ? await refuse(deps, updateId, press) : await deps.desk.press(press)
      clearTimeout(slow)
      await say(outcome)
      if (outcome.alert && 'token' in press) void stripOldCopy(deps, press)
    } finally {
      clearTimeout(slow)
    }
  }
}

interface Turned {
  actor: string
  because: string
  text: string
}

function pressOf(query: CallbackQuery, updateId: number, { people, chatId }: PressDeps): Press | Turned {
  const speaker: Speaker = speakerOf(query.from, people())
  const actor = speaker.actor
  const { message, data } = query
  if (speaker.unfit)
    return { actor, because: speaker.unfit, text: 'Press this in your own name, not as a group, channel or bot.' }
  if (!message) return { actor, because: 'pressed on an inline message', text: 'This button cannot be used from here.' }
  if (message.date === 0)
    return {
      actor,
      because: 'pressed on a message that is not accessible',
      text: 'This card is too old to be used. Use the newest one.',
    }
  if ('forward_origin' in message && message.forward_origin)
    return {
      actor,
      because: 'pressed on a forwarded copy',
      text: 'This is a forwarded copy. Use the card where it stands.',
    }
  if (message.chat.id !== chatId)
    return {
      actor,
      because: 'pressed in another chat',
      text: 'This button belongs to another chat. Use the card there.',
    }
  const threadId = message.is_topic_message ? (message.message_thread_id ?? null) : null
  return {
    token: data ?? '',
    person: speaker.person,
    actor,
    channel: 'telegram',
    updateId,
    place: { chatId: message.chat.id, threadId, messageId: message.message_id },
  }
}

/** A refusal that does not need the desk; recorded once for an update, like every other. */
async function refuse({ sql }: PressDeps, updateId: number, { actor, because, text }: Turned): Promise<PressAnswer> {
  await inTransaction(sql, async (tx) => {
    const taken = await tx`insert into updates (update_id) values (${updateId}) on conflict do nothing`
    if (taken.count > 0) await recordRefusal(tx, actor, 'press', because)
  })
  return { text, alert: true }
}

/** Buttons of an old copy go where it shows itself. */
async function stripOldCopy({ sql, strip, log }: PressDeps, { token, place }: Press): Promise<void> {
  try {
    const tokenHash = createHash('sha256').update(token).digest()
    const [old] = await sql`
      select from buttons b join messages m on m.incident_id = b.incident_id and m.channel = 'telegram' and m.kind = 'card'
      where b.token_hash = ${tokenHash} and m.chat_id = ${place?.chatId ?? 0} and m.message_id <> ${place?.messageId ?? 0}`
    if (old && place?.messageId) await strip(place.messageId)
  } catch (error) {
    log.warn({ err: error }, 'a refused press could not be followed up')
  }
}
