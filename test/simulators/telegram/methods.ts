import type { Feed } from './feed.ts'
import {
  answerCallbackQuery,
  chatOf,
  deleteMessage,
  editMessageReplyMarkup,
  editMessageText,
  sendMessage,
  setPinned,
} from './methods-messages.ts'
import { createForumTopic, deleteForumTopic, editForumTopic, setClosed } from './methods-topics.ts'
import { badRequest, flag, integer, type Params, string, structured } from './params.ts'
import type { Room } from './room.ts'

export interface Api {
  room: Room
  feed: Feed
}

/** Performs a call; throws `ApiRefusal` with what the real server would say. */
export type Method = (params: Params, signal: AbortSignal) => unknown

/** The methods of the Bot API that the simulator knows, by their names in lower case: the real one ignores case too. */
export function createMethods({ room, feed }: Api): Map<string, Method> {
  const methods: Record<string, Method> = {
    getMe: () => ({
      ...room.me,
      can_join_groups: true,
      can_read_all_group_messages: false,
      supports_inline_queries: false,
      can_connect_to_business: false,
      has_main_web_app: false,
    }),
    getChat: (params) => ({ ...room.chats.get(chatOf(room, params)), accent_color_id: 0, max_reaction_count: 11 }),
    getChatMember: (params) => memberOf(room, params),
    getChatAdministrators: (params) => [chatOf(room, params)].map(() => administrator(room)),
    sendMessage: (params) => sendMessage(room, params),
    editMessageText: (params) => editMessageText(room, params),
    editMessageReplyMarkup: (params) => editMessageReplyMarkup(room, params),
    deleteMessage: (params) => deleteMessage(room, params),
    pinChatMessage: (params) => setPinned(room, params, true),
    unpinChatMessage: (params) => setPinned(room, params, false),
    answerCallbackQuery: (params) => answerCallbackQuery(room, params),
    sendChatAction: (params) => chatOf(room, params) !== 0,
    createForumTopic: (params) => createForumTopic(room, params),
    editForumTopic: (params) => editForumTopic(room, params),
    closeForumTopic: (params) => setClosed(room, params, true),
    reopenForumTopic: (params) => setClosed(room, params, false),
    deleteForumTopic: (params) => deleteForumTopic(room, params),
    setMyCommands: () => true,
    deleteMyCommands: () => true,
    getMyCommands: () => [],
    getUpdates: (params, signal) =>
      feed.poll({
        offset: integer(params, 'offset') ?? 0,
        limit: Math.min(100, Math.max(1, integer(params, 'limit') ?? 100)),
        timeoutMs: Math.min(50, integer(params, 'timeout') ?? 0) * 1000,
        allowed: allowedOf(params),
        signal,
      }),
    setWebhook: (params) => setWebhook(feed, params),
    deleteWebhook: (params) => {
      feed.setWebhook(undefined, flag(params, 'drop_pending_updates'))
      return true
    },
    getWebhookInfo: () => feed.info(),
  }
  return new Map(Object.entries(methods).map(([name, method]) => [name.toLowerCase(), method]))
}

/** https://core.telegram.org/bots/api#setwebhook; unlike the real one, plain http is taken, for tests on one machine. */
function setWebhook(feed: Feed, params: Params): true {
  const url = string(params, 'url') ?? ''
  const secret = string(params, 'secret_token')
  if (secret !== undefined && !/^[\w-]{1,256}$/.test(secret))
    throw badRequest('secret token contains unallowed characters')
  if (url !== '' && !URL.canParse(url)) throw badRequest('bad webhook: invalid URL')
  const connections = integer(params, 'max_connections') ?? 40
  if (connections < 1 || connections > 100) throw badRequest('bad webhook: max_connections must be between 1 and 100')
  const webhook = { url, secret, allowed: allowedOf(params), maxConnections: connections }
  feed.setWebhook(url === '' ? undefined : webhook, flag(params, 'drop_pending_updates'))
  return true
}

function allowedOf(params: Params): string[] | undefined {
  const value = structured(params, 'allowed_updates')
  return Array.isArray(value) ? value.map(String) : undefined
}

function administrator(room: Room): Record<string, unknown> {
  return {
    user: room.me,
    status: 'administrator',
    can_be_edited: false,
    is_anonymous: false,
    can_manage_chat: true,
    can_delete_messages: true,
    can_manage_video_chats: false,
    can_restrict_members: false,
    can_promote_members: false,
    can_change_info: false,
    can_invite_users: false,
    can_pin_messages: true,
    can_manage_topics: room.canManageTopics,
  }
}

function memberOf(room: Room, params: Params): Record<string, unknown> {
  chatOf(room, params)
  const id = integer(params, 'user_id')
  if (id === room.me.id) return administrator(room)
  const person = room.messages.find((message) => message.from.id === id)?.from
  if (!id) throw badRequest('invalid user_id specified')
  return { user: person ?? { id, is_bot: false, first_name: `User ${id}` }, status: 'member' }
}
