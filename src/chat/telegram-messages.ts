import type { Message } from 'grammy/types'
import { recordRefusal } from '../approvals/refusals.ts'
import { typedName } from '../approvals/typed-name.ts'
import { atLeast, type Person } from '../domain/person.ts'
import type { AnswerPlace } from '../investigation/investigation-rows.ts'
import { inTransaction, type Tx } from '../storage/postgres.ts'
import type { CommandDeps, Reply } from './commands/command.ts'
import { lineHtml } from './outbox/lines.ts'
import { askEdit, askQuestion } from './questions.ts'
import { type Addressed, addressed, incidentOf, type Listener, repliedIncident } from './telegram-addressed.ts'
import type { Place } from './telegram-answers.ts'
import { carryOutCommand } from './telegram-commands.ts'
import { type Speaker, speakerOf } from './telegram-people.ts'

export interface MessageDeps extends CommandDeps {
  chatId: number
  people: () => readonly Person[]
  /** The bot's username, without @. Rejects while it is not known. */
  botName: () => Promise<string>
  botId: number
  /** Writes into a chat; what is `secret` is ours to tell, and stands as it is. Rejects with MessengerError. */
  write: (to: Place, html: string, secret?: boolean) => Promise<void>
}

/** Somebody unknown is told once in this time that they are. */
const QUIET_MINUTES = 10

/**
 * Takes messages: commands and questions of listed people, what they want otherwise in a plan, and the name of a target where a
 * plan waits for it. Everything else is none of our business. Nothing that is written here approves anything but that name.
 * Resolves when the message is taken; rejects when it must come again.
 */
export function telegramMessages(deps: MessageDeps): (message: Message, updateId: number) => Promise<void> {
  return async function take(message, updateId) {
    const { text = '' } = message
    if (message.forward_origin || text === '') return
    const place = placeOf(message, deps.chatId)
    // Whose an @name is cannot be told without our own: until it is known, the update has to come again.
    const botName = text.includes('@') ? await deps.botName() : ''
    const command = commandIn(text, botName)
    if (command === 'other') return
    const speaker = speakerOf(message.from, deps.people(), message.sender_chat)
    const ours = place !== undefined
    if (!ours || !speaker.person) {
      if (command !== undefined || message.chat.type === 'private')
        await turnAway(deps, { message, updateId, speaker, ours })
      return
    }
    const { person } = speaker
    const replies = await inTransaction(deps.sql, async (tx): Promise<Reply[]> => {
      if (!(await isNew(tx, updateId))) return []
      const answerTo = { ...place, replyTo: message.message_id }
      const listener = { chatId: deps.chatId, botName, botId: deps.botId }
      if (command) {
        const incident = await incidentOf(tx, message, command.words, listener)
        return await carryOutCommand(deps, { tx, person, ...command, incident, answerTo })
      }
      const said = await addressed(tx, message, listener)
      const named = await takeName(deps, { tx, person, message, listener, said })
      return named.length > 0 || !said ? named : await takeQuestion(deps, { tx, person, answerTo, said })
    })
    // The update is taken; a chat that may not be written to just now must not hold it up.
    for (const reply of replies)
      void answer(deps, { reply, place, person, message }).catch((error: unknown) => {
        deps.log.warn({ err: error, person: person.name }, 'a command could not be answered')
      })
  }
}

interface Naming {
  tx: Tx
  person: Person
  message: Message
  listener: Listener
  /** Undefined where it is not meant for us. */
  said: Addressed | undefined
}

async function takeName(deps: MessageDeps, { tx, person, message, listener, said }: Naming): Promise<Reply[]> {
  if (!atLeast(person.role, 'operator')) return []
  const { sql, queue, announcer, options } = deps
  const replyTo = await repliedIncident(tx, message, listener)
  const pressing = { sql, queue, announcer, options, tx, person }
  const typed = await typedName(pressing, message.text ?? '', { replyTo, toUs: said?.text })
  return typed === undefined ? [] : [{ text: nameWords[typed] }]
}

const nameWords = {
  right: 'The name is right. Press Confirm when the minute is over.',
  // The card may be one that says nothing here, so that the name is not said here either.
  missed: 'That is not the name to the letter. The card that waits says what to type.',
} as const

interface Asking {
  tx: Tx
  person: Person
  answerTo: AnswerPlace
  said: Addressed
}

/** Free text that is meant for us becomes a question, or what somebody wants otherwise in a plan; answered when it is looked into. */
async function takeQuestion({ queue }: MessageDeps, { tx, person, answerTo, said }: Asking): Promise<Reply[]> {
  const { incident, text, plan } = said
  const refused =
    plan === null || incident === null
      ? await askQuestion(tx, queue, { person, text, incident, answerTo })
      : await askEdit(tx, queue, { person, text, incident, plan, round: null, answerTo })
  return refused === undefined ? [] : [{ text: refused }]
}

interface Answering {
  reply: Reply
  place: Place
  person: Person
  message: Message
}

async function answer(deps: MessageDeps, { reply, place, person, message }: Answering): Promise<void> {
  if (!reply.secret)
    return await deps.write({ ...place, replyTo: message.message_id }, reply.html ?? lineHtml(reply.text))
  const isPrivate = message.chat.type === 'private'
  try {
    await deps.write({ chatId: person.telegramId ?? 0, threadId: null }, reply.html ?? lineHtml(reply.text), true)
    if (!isPrivate) await deps.write({ ...place, replyTo: message.message_id }, 'Sent to you in private.')
  } catch (error) {
    deps.log.info({ err: error, person: person.name }, 'a private message could not be sent')
    const sentence = 'I may not write to you first. Open a private chat with me, press Start, and ask again there.'
    if (!isPrivate) await deps.write({ ...place, replyTo: message.message_id }, sentence)
  }
}

interface TurnedAway {
  message: Message
  updateId: number
  speaker: Speaker
  /** Whether it was said where we listen. */
  ours: boolean
}

/** Somebody unknown, or somewhere else: recorded, and answered once in a while so that nobody can make us talk. */
async function turnAway(deps: MessageDeps, { message, updateId, speaker, ours }: TurnedAway): Promise<void> {
  const because = speaker.unfit ?? (speaker.person ? 'wrote in another chat' : 'not on the list of people')
  const told = await inTransaction(deps.sql, async (tx) => {
    if (!(await isNew(tx, updateId))) return true
    // Several at once are told once: each waits for the one before it.
    await tx`select pg_advisory_xact_lock(hashtextextended(${`refusal:${speaker.actor}`}, 0))`
    const [lately] = await tx`
      select from refusals
      where actor = ${speaker.actor} and what = 'message' and at > watch_now() - ${QUIET_MINUTES} * interval '1 minute'`
    if (!lately) await recordRefusal(tx, speaker.actor, 'message', because)
    return lately !== undefined
  })
  if (told || !ours) return
  const threadId = threadOf(message)
  const text = speaker.unfit
    ? 'I listen to people only. Write in your own name, not as the group or a channel.'
    : 'You are not on the list of people I listen to. An admin can add your numeric id to PEOPLE.'
  void deps.write({ chatId: message.chat.id, threadId, replyTo: message.message_id }, text).catch((error: unknown) => {
    deps.log.warn({ err: error }, 'somebody unknown could not be told so')
  })
}

async function isNew(tx: Tx, updateId: number): Promise<boolean> {
  const { count } = await tx`insert into updates (update_id) values (${updateId}) on conflict do nothing`
  return count > 0
}

/** Where to answer: in our chat, or in somebody's own chat with the bot. Undefined anywhere else. */
function placeOf(message: Message, chatId: number): Place | undefined {
  if (message.chat.id !== chatId && message.chat.type !== 'private') return undefined
  return { chatId: message.chat.id, threadId: threadOf(message) }
}

function threadOf(message: Message): number | null {
  return message.is_topic_message ? (message.message_thread_id ?? null) : null
}

/** `other`: a command for another bot of the group. */
function commandIn(text: string, botName: string): { name: string; words: string } | 'other' | undefined {
  const [head = '', name, bot] = /^\/([a-z_]{1,32})(?:@(\w+))?(?:\s|$)/i.exec(text) ?? []
  if (name === undefined) return undefined
  if (bot !== undefined && bot.toLowerCase() !== botName.toLowerCase()) return 'other'
  return { name: name.toLowerCase(), words: text.slice(head.length).trim() }
}
