import type { Message } from 'grammy/types'
import type { Tx } from '../storage/postgres.ts'
import { incidentOfEditPrompt } from './edit-prompt.ts'

/** What somebody says to us: about which incident, if any, and whether it is what they want otherwise in a plan. */
export interface Addressed {
  incident: number | null
  text: string
  /** The plan whose change they were asked for. */
  plan: string | null
}

export interface Listener {
  chatId: number
  /** The bot's username, without @; empty where the text names nobody. */
  botName: string
  botId: number
}

/**
 * Whether a text is meant for us: a reply to one of our messages, a mention, something said in private, or one that names an
 * incident in the topic of its card. Undefined for all other talk among people.
 */
export async function addressed(tx: Tx, message: Message, listener: Listener): Promise<Addressed | undefined> {
  const text = message.text ?? ''
  const replied = repliedTo(message, listener)
  if (replied) return { text: withoutName(text, listener), ...(await aboutReply(tx, replied)) }
  const named = await namedIncident(tx, text)
  const open = message.chat.type === 'private' || mentions(text, listener)
  if (open) return { incident: named ?? null, text: withoutName(text, listener), plan: null }
  if (named === undefined || !(await standsHere(tx, named, message))) return undefined
  return { incident: named, text, plan: null }
}

/** The incident that a command is about: the one its words name, else the one of the card it replies to. */
export async function incidentOf(tx: Tx, message: Message, words: string, listener: Listener): Promise<number | null> {
  const named = await namedIncident(tx, words)
  if (named !== undefined) return named
  const replied = repliedTo(message, listener)
  return replied ? (await aboutReply(tx, replied)).incident : null
}

/** The incident whose card, or a line beside it, a message answers. */
export async function repliedIncident(tx: Tx, message: Message, listener: Listener): Promise<number | null> {
  const replied = repliedTo(message, listener)
  if (!replied) return null
  const [found] = await tx<{ incident: number | null }[]>`
    select incident_id as incident from messages
    where channel = 'telegram' and chat_id = ${replied.chat.id} and message_id = ${replied.message_id}`
  return found?.incident ?? null
}

/** `#12` anywhere in a text. */
export function numberIn(text: string): number | undefined {
  const [, number] = /(?:^|[^\w&#])#(\d{1,9})(?!\w)/.exec(text) ?? []
  return number === undefined ? undefined : Number(number)
}

/** In a topic every message refers to the one that made the topic: that is no reply. */
function repliedTo(message: Message, { botId }: Listener): Message | undefined {
  const { reply_to_message: replied } = message
  if (!replied || replied.from?.id !== botId) return undefined
  const ofTopic = 'forum_topic_created' in replied || replied.message_id === message.message_thread_id
  return ofTopic ? undefined : (replied as Message)
}

async function aboutReply(tx: Tx, replied: Message): Promise<Pick<Addressed, 'incident' | 'plan'>> {
  const [chat, id] = [replied.chat.id, replied.message_id]
  const [wanted] = await tx<{ incident: number; plan: string }[]>`
    select incident_id as incident, plan_id as plan from edits_wanted where chat_id = ${chat} and message_id = ${id}`
  if (wanted) return wanted
  const [found] = await tx<{ incident: number | null }[]>`
    select incident_id as incident from messages where channel = 'telegram' and chat_id = ${chat} and message_id = ${id}
    union all
    select incident_id from investigations where said_message = ${id} and (answer_to->>'chatId')::bigint = ${chat}
    limit 1`
  if (found) return { incident: found.incident, plan: null }
  const unbound = await unboundPrompt(tx, replied)
  if (unbound) return unbound
  return { incident: (await namedIncident(tx, replied.text ?? '')) ?? null, plan: null }
}

/**
 * A message that asks for words and whose id is not known: Telegram's answer to it is on its way still, or was lost. It is known by
 * its text, which is ours; whatever is changed is asked for anew.
 */
async function unboundPrompt(tx: Tx, replied: Message): Promise<Pick<Addressed, 'incident' | 'plan'> | undefined> {
  const asked = incidentOfEditPrompt(replied.text ?? '')
  if (asked === undefined) return undefined
  const [wanted] = await tx<{ incident: number; plan: string }[]>`
    select incident_id as incident, plan_id as plan from edits_wanted
    where chat_id = ${replied.chat.id} and incident_id = ${asked} order by created_at desc limit 1`
  return wanted
}

async function namedIncident(tx: Tx, text: string): Promise<number | undefined> {
  const number = numberIn(text)
  if (number === undefined) return undefined
  const [row] = await tx<{ id: number }[]>`select id from incidents where id = ${number}`
  return row?.id
}

/** Whether the card of an incident stands where this was said. */
async function standsHere(tx: Tx, incident: number, message: Message): Promise<boolean> {
  const thread = message.is_topic_message ? (message.message_thread_id ?? null) : null
  const rows = await tx`
    select from messages where channel = 'telegram' and incident_id = ${incident} and kind = 'card'
      and chat_id = ${message.chat.id} and thread_id is not distinct from ${thread}::bigint`
  return rows.length > 0
}

function mentions(text: string, { botName }: Listener): boolean {
  return botName !== '' && new RegExp(`(?:^|\\W)@${botName}(?!\\w)`, 'i').test(text)
}

function withoutName(text: string, { botName }: Listener): string {
  return botName === '' ? text : text.replace(new RegExp(`@${botName}(?!\\w)`, 'gi'), '').trim()
}
