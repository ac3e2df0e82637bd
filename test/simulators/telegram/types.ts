/** A Telegram user as it stands in `from`. */
export interface Person {
  id: number
  first_name: string
  last_name?: string
  username?: string
  is_bot?: boolean
}

/** What Telegram puts in `from` when an administrator writes anonymously. */
export const groupAnonymousBot: Person = {
  id: 1087968824,
  is_bot: true,
  first_name: 'Group',
  username: 'GroupAnonymousBot',
}

/** What Telegram puts in `from` when somebody writes in the name of a channel. */
export const channelBot: Person = { id: 136817688, is_bot: true, first_name: 'Channel', username: 'Channel_Bot' }

export interface Chat {
  id: number
  type: 'private' | 'group' | 'supergroup' | 'channel'
  title?: string
  first_name?: string
  username?: string
  is_forum?: boolean
}

/** One inline button; exactly one of the optional fields says what it does. */
export interface Button {
  text: string
  callback_data?: string
  url?: string
  style?: string
  [more: string]: unknown
}

export type Keyboard = Button[][]

/** A range of the text, in UTF-16 code units. */
export interface Entity {
  type: string
  offset: number
  length: number
  url?: string
  language?: string
  [more: string]: unknown
}

/** What a message says at one moment. */
export interface Content {
  /** plain text, markup taken out */
  text: string
  /** the text exactly as it was sent, markup included */
  source: string
  entities: Entity[]
  keyboard: Keyboard
  /** whether phones would fetch and show a preview of a link in it */
  preview: boolean
}

export interface SimulatedMessage extends Content {
  message_id: number
  chat: number
  /** the forum topic, undefined in General */
  thread: number | undefined
  by: 'bot' | 'person'
  from: Person
  sender_chat: Chat | undefined
  /** sent with disable_notification: no phone buzzed */
  silent: boolean
  reply_to: number | undefined
  pinned: boolean
  deleted: boolean
  /** unix ms */
  sent_at: number
  edited_at: number | undefined
  /** earlier contents, oldest first, each with the time it was replaced */
  edits: (Content & { until: number })[]
}

export interface SimulatedTopic {
  thread: number
  chat: number
  name: string
  icon_color: number
  icon_custom_emoji_id: string | undefined
  closed: boolean
  deleted: boolean
}

/** One answerCallbackQuery that was accepted. */
export interface CallbackAnswer {
  callback_query_id: string
  update_id: number
  from: number
  text: string
  show_alert: boolean
  at: number
}

export interface Update {
  update_id: number
  [kind: string]: unknown
}

/** What `waitFor` looks at; the arrays are live, do not change them. */
export interface TelegramState {
  /** messages of the bot that are not deleted */
  messages: SimulatedMessage[]
  topics: SimulatedTopic[]
  answers: CallbackAnswer[]
}

export interface MessageFilter {
  thread?: number
  chat?: number
  /** also messages of people (default: the bot's only) */
  people?: boolean
  /** also deleted messages */
  deleted?: boolean
}

/** A press of a button: by its text on the current keyboard, or any forged `data`. */
export interface Press {
  message_id: number
  /** the button's text, whole or a part of it */
  text?: string
  /** callback data to send instead of what a button carries */
  data?: string
  from: Person
  /** pretends that the message stands in another chat */
  chat?: number
  /** pretends that the message stands in another topic */
  thread?: number
  /** the message is too old for the bot to see: only chat, id and date 0 */
  inaccessible?: boolean
  /** pretends that the message is a forwarded copy */
  forwarded?: boolean
  /** no message at all, as with inline messages */
  inline?: boolean
}

export interface Pressed {
  update_id: number
  callback_query_id: string
  /** the bot's answer, or undefined when Telegram stopped waiting for one */
  answer: Promise<CallbackAnswer | undefined>
}

export interface Say {
  text: string
  from: Person
  /** a chat id, or 'private' for the person's own chat with the bot; default: the group */
  chat?: number | 'private'
  thread?: number
  /** marks it as forwarded from this person */
  forward?: Person
  reply_to?: number
  sender_chat?: Chat
}

export interface Said {
  update_id: number
  message_id: number
}

/**
 * How a call goes wrong. '400' refuses it for what `description` says; '429' refuses until `retry_after` seconds have passed; 'hang' never answers; 'lost' performs the
 * call and then cuts the connection; 'taken' performs it too and answers 502, as a proxy does whose upstream broke off.
 */
export type FaultKind = '400' | '429' | '500' | '502' | 'hang' | 'lost' | 'taken'

export interface Fault {
  /** a method's name, or '*' for all */
  method: string
  /** how many calls, default 1; 'always' until `mend()` */
  times?: number | 'always'
  as: FaultKind
  /** seconds, for '429'; default 1 */
  retry_after?: number
  /** for '400'; as Telegram words it, without its `Bad Request: ` */
  description?: string
}

/** Sends and edits to one chat that are let through; more are answered 429 with the seconds to wait. */
export interface Limits {
  perChatPerMinute?: number
  perSecond?: number
}
