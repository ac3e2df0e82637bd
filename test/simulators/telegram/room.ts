import type {
  CallbackAnswer,
  Chat,
  MessageFilter,
  Person,
  SimulatedMessage,
  SimulatedTopic,
  TelegramState,
} from './types.ts'

/** Everything the simulated Telegram remembers, and who wants to know when it changes. */
export interface Room {
  me: Person
  group: Chat
  chats: Map<number, Chat>
  messages: SimulatedMessage[]
  topics: SimulatedTopic[]
  answers: CallbackAnswer[]
  /** callback queries that may still be answered, by id */
  asking: Map<string, AskingQuery>
  /** the bot was removed from the group */
  kicked: boolean
  canManageTopics: boolean
  nextMessageId(): number
  find(chat: number, messageId: number): SimulatedMessage | undefined
  list(filter?: MessageFilter): SimulatedMessage[]
  state(): TelegramState
  changed(): void
  onChange(listener: () => void): () => void
}

export interface AskingQuery {
  update_id: number
  from: number
  until: number
  settle(answer: CallbackAnswer | undefined): void
}

export function createRoom({ chatId, me, forum }: { chatId: number; me: Person; forum: boolean }): Room {
  const group: Chat = { id: chatId, type: 'supergroup', title: 'Operations', ...(forum ? { is_forum: true } : {}) }
  const listeners = new Set<() => void>()
  let lastMessageId = 1
  const room: Room = {
    me,
    group,
    chats: new Map([[group.id, group]]),
    messages: [],
    topics: [],
    answers: [],
    asking: new Map(),
    kicked: false,
    canManageTopics: true,
    nextMessageId() {
      lastMessageId += 1
      return lastMessageId
    },
    find: (chat, messageId) =>
      room.messages.findLast((message) => message.message_id === messageId && message.chat === chat),
    list: (filter = {}) =>
      room.messages.filter(
        (message) =>
          (filter.deleted || !message.deleted) &&
          (filter.people || message.by === 'bot') &&
          (filter.chat === undefined || message.chat === filter.chat) &&
          (filter.thread === undefined || message.thread === filter.thread),
      ),
    state: () => ({
      messages: room.list(),
      topics: room.topics.filter((topic) => !topic.deleted),
      answers: room.answers,
    }),
    changed() {
      for (const listener of listeners) listener()
    },
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
  return room
}

/** A message as the Bot API writes it. */
export function toApiMessage(room: Room, message: SimulatedMessage): Record<string, unknown> {
  const replied = message.reply_to === undefined ? undefined : room.find(message.chat, message.reply_to)
  return {
    message_id: message.message_id,
    from: message.from,
    ...(message.sender_chat ? { sender_chat: message.sender_chat } : {}),
    chat: room.chats.get(message.chat) ?? { id: message.chat, type: 'supergroup', title: 'Elsewhere' },
    date: Math.floor(message.sent_at / 1000),
    ...(message.edited_at ? { edit_date: Math.floor(message.edited_at / 1000) } : {}),
    ...(message.thread ? { message_thread_id: message.thread, is_topic_message: true } : {}),
    ...(replied ? { reply_to_message: toApiMessage(room, { ...replied, reply_to: undefined }) } : {}),
    text: message.text,
    ...(message.entities.length > 0 ? { entities: message.entities } : {}),
    ...(message.keyboard.length > 0 ? { reply_markup: { inline_keyboard: message.keyboard } } : {}),
  }
}
