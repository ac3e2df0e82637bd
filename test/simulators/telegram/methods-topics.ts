import { chatOf } from './methods-messages.ts'
import { badRequest, integer, type Params, string } from './params.ts'
import type { Room } from './room.ts'
import type { SimulatedTopic } from './types.ts'

const colours = [7322096, 16766590, 13338331, 9367192, 16749490, 16478047]

/** https://core.telegram.org/bots/api#createforumtopic */
export function createForumTopic(room: Room, params: Params): Record<string, unknown> {
  const chat = forumOf(room, params)
  const name = nameOf(params)
  if (name === '') throw badRequest('topic name is empty')
  const colour = integer(params, 'icon_color')
  if (colour !== undefined && !colours.includes(colour)) throw badRequest('invalid forum topic icon color specified')
  const icon = string(params, 'icon_custom_emoji_id')
  const topic: SimulatedTopic = {
    thread: room.nextMessageId(),
    chat,
    name,
    icon_color: colour ?? 7322096,
    icon_custom_emoji_id: icon === '' ? undefined : icon,
    closed: false,
    deleted: false,
  }
  room.topics.push(topic)
  room.changed()
  return {
    message_thread_id: topic.thread,
    name,
    icon_color: topic.icon_color,
    ...(topic.icon_custom_emoji_id ? { icon_custom_emoji_id: topic.icon_custom_emoji_id } : {}),
  }
}

/** https://core.telegram.org/bots/api#editforumtopic */
export function editForumTopic(room: Room, params: Params): true {
  const topic = topicOf(room, params)
  const name = nameOf(params) || topic.name
  const icon = string(params, 'icon_custom_emoji_id') ?? topic.icon_custom_emoji_id
  if (name === topic.name && icon === topic.icon_custom_emoji_id) throw badRequest('TOPIC_NOT_MODIFIED')
  Object.assign(topic, { name, icon_custom_emoji_id: icon === '' ? undefined : icon })
  room.changed()
  return true
}

/** https://core.telegram.org/bots/api#closeforumtopic and its opposite */
export function setClosed(room: Room, params: Params, closed: boolean): true {
  const topic = topicOf(room, params)
  if (topic.closed === closed) throw badRequest('TOPIC_NOT_MODIFIED')
  topic.closed = closed
  room.changed()
  return true
}

/** https://core.telegram.org/bots/api#deleteforumtopic: takes its messages with it. */
export function deleteForumTopic(room: Room, params: Params): true {
  dropTopic(room, topicOf(room, params))
  return true
}

export function dropTopic(room: Room, topic: SimulatedTopic): void {
  topic.deleted = true
  for (const message of room.messages) if (message.thread === topic.thread) message.deleted = true
  room.changed()
}

function forumOf(room: Room, params: Params): number {
  const chat = chatOf(room, params)
  if (!room.chats.get(chat)?.is_forum) throw badRequest('the chat is not a forum')
  if (!room.canManageTopics) throw badRequest('not enough rights to create a topic')
  return chat
}

function topicOf(room: Room, params: Params): SimulatedTopic {
  const chat = forumOf(room, params)
  const thread = integer(params, 'message_thread_id')
  const topic = room.topics.find((candidate) => candidate.thread === thread && candidate.chat === chat)
  if (!topic) throw badRequest('message thread not found')
  if (topic.deleted) throw badRequest('TOPIC_ID_INVALID')
  return topic
}

function nameOf(params: Params): string {
  const name = (string(params, 'name') ?? '').trim()
  if (name.length > 128) throw badRequest('topic name is too long')
  return name
}
