import { readKeyboard } from './keyboard.ts'
import { ApiRefusal, badRequest, flag, integer, type Params, string, structured } from './params.ts'
import { type Room, toApiMessage } from './room.ts'
import { readText } from './text.ts'
import type { Content, SimulatedMessage } from './types.ts'

const notModified =
  'message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message'

/** The chat of a call; throws 400 for one the bot does not know, 403 when it was thrown out. */
export function chatOf(room: Room, params: Params): number {
  const id = integer(params, 'chat_id')
  if (string(params, 'chat_id') === undefined) throw badRequest('chat_id is empty')
  if (id === undefined || !room.chats.has(id)) throw badRequest('chat not found')
  if (room.kicked && id === room.group.id) {
    throw new ApiRefusal(403, 'Forbidden: bot was kicked from the supergroup chat')
  }
  return id
}

/** https://core.telegram.org/bots/api#sendmessage */
export function sendMessage(room: Room, params: Params): Record<string, unknown> {
  const chat = chatOf(room, params)
  const content: Content = { ...readText(params, 'message is too long'), keyboard: readKeyboard(params) }
  const replyTo = repliedTo(room, params, chat)
  const message: SimulatedMessage = {
    ...content,
    message_id: room.nextMessageId(),
    chat,
    thread: threadOf(room, params, chat) ?? replyTo?.thread,
    by: 'bot',
    from: room.me,
    sender_chat: undefined,
    silent: flag(params, 'disable_notification'),
    reply_to: replyTo?.message_id,
    pinned: false,
    deleted: false,
    sent_at: Date.now(),
    edited_at: undefined,
    edits: [],
  }
  room.messages.push(message)
  room.changed()
  return toApiMessage(room, message)
}

function threadOf(room: Room, params: Params, chat: number): number | undefined {
  const thread = integer(params, 'message_thread_id')
  if (!thread) return undefined
  const topic = room.topics.find((candidate) => candidate.thread === thread && candidate.chat === chat)
  if (!topic || topic.deleted) throw badRequest('message thread not found')
  if (topic.closed && !room.canManageTopics) throw badRequest('TOPIC_CLOSED')
  return thread
}

function repliedTo(room: Room, params: Params, chat: number): SimulatedMessage | undefined {
  const reply = structured(params, 'reply_parameters') as Params | undefined
  const id = integer(reply ?? {}, 'message_id') ?? integer(params, 'reply_to_message_id')
  if (!id) return undefined
  const found = room.find(chat, id)
  if (found && !found.deleted) return found
  if (flag(reply ?? params, 'allow_sending_without_reply')) return undefined
  throw badRequest('message to be replied not found')
}

function editable(room: Room, params: Params): SimulatedMessage {
  const chat = chatOf(room, params)
  const id = integer(params, 'message_id')
  if (!id) throw badRequest('message identifier is not specified')
  const message = room.find(chat, id)
  if (!message || message.deleted) throw badRequest('message to edit not found')
  if (message.by !== 'bot') throw badRequest("message can't be edited")
  return message
}

function edit(room: Room, message: SimulatedMessage, next: Content): Record<string, unknown> {
  if (sameContent(message, next)) throw badRequest(notModified)
  const now = Date.now()
  const { text, source, entities, keyboard, preview } = message
  message.edits.push({ text, source, entities, keyboard, preview, until: now })
  Object.assign(message, next, { edited_at: now })
  room.changed()
  return toApiMessage(room, message)
}

function sameContent(a: Content, b: Content): boolean {
  const shown = ({ text, entities, keyboard }: Content) => JSON.stringify([text, entities, keyboard])
  return shown(a) === shown(b)
}

/** https://core.telegram.org/bots/api#editmessagetext; as there, leaving the keyboard out takes it away. */
export function editMessageText(room: Room, params: Params): Record<string, unknown> {
  const content = { ...readText(params, 'MESSAGE_TOO_LONG'), keyboard: readKeyboard(params) }
  return edit(room, editable(room, params), content)
}

/** https://core.telegram.org/bots/api#editmessagereplymarkup */
export function editMessageReplyMarkup(room: Room, params: Params): Record<string, unknown> {
  const message = editable(room, params)
  const { text, source, entities, preview } = message
  return edit(room, message, { text, source, entities, preview, keyboard: readKeyboard(params) })
}

/** https://core.telegram.org/bots/api#deletemessage */
export function deleteMessage(room: Room, params: Params): true {
  const message = room.find(chatOf(room, params), integer(params, 'message_id') ?? 0)
  if (!message || message.deleted) throw badRequest('message to delete not found')
  message.deleted = true
  room.changed()
  return true
}

/** https://core.telegram.org/bots/api#pinchatmessage and its opposite */
export function setPinned(room: Room, params: Params, pinned: boolean): true {
  const id = integer(params, 'message_id')
  const message = id ? room.find(chatOf(room, params), id) : room.list().findLast((candidate) => candidate.pinned)
  if (!message || message.deleted) throw badRequest(`message to ${pinned ? 'pin' : 'unpin'} not found`)
  message.pinned = pinned
  room.changed()
  return true
}

/** https://core.telegram.org/bots/api#answercallbackquery: once, and only while somebody still waits for it. */
export function answerCallbackQuery(room: Room, params: Params): true {
  const id = string(params, 'callback_query_id') ?? ''
  const asking = room.asking.get(id)
  const now = Date.now()
  const text = string(params, 'text') ?? ''
  if (text.length > 200) throw badRequest('MESSAGE_TOO_LONG')
  if (!asking || now > asking.until) {
    throw badRequest('query is too old and response timeout expired or query ID is invalid')
  }
  room.asking.delete(id)
  const { update_id, from } = asking
  const answer = { callback_query_id: id, update_id, from, text, show_alert: flag(params, 'show_alert'), at: now }
  room.answers.push(answer)
  asking.settle(answer)
  room.changed()
  return true
}
