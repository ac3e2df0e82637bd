import { Api } from 'grammy'
import type { TelegramConfig } from '../config.ts'
import { toMessengerError } from './telegram-errors.ts'

export interface TelegramCheck {
  ok: boolean
  /** `@watchkeeper_bot in Operations, with topics`, or what to change, in a sentence. */
  detail: string
}

const TIMEOUT_SECONDS = 5

/** Looks whether the bot can speak in its chat, without saying anything: for `doctor` and the table at start. Never throws. */
export async function checkTelegram({ botToken, apiRoot, chatId }: TelegramConfig): Promise<TelegramCheck> {
  const api = new Api(botToken, { apiRoot, timeoutSeconds: TIMEOUT_SECONDS })
  try {
    const me = await api.getMe()
    const chat = await api.getChat(chatId)
    const who = `@${me.username} in ${'title' in chat ? chat.title : chatId}`
    if (!('is_forum' in chat) || !chat.is_forum)
      return { ok: true, detail: `${who}, without topics: switch Topics on in the settings of the group to have them` }
    const member = await api.getChatMember(chatId, me.id)
    const mayMake = member.status === 'administrator' && member.can_manage_topics === true
    if (!mayMake)
      return { ok: true, detail: `${who}: make it an admin with the right to manage topics, or it has none` }
    return { ok: true, detail: `${who}, with topics` }
  } catch (error) {
    return { ok: false, detail: toMessengerError(error).message }
  }
}
