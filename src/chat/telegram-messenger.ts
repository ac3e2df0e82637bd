import { type Api, GrammyError } from 'grammy'
import { type Drawn, type Messenger, MessengerError } from './outbox/messenger.ts'
import { toMessengerError } from './telegram-errors.ts'

/** The chat of TELEGRAM_CHAT_ID, on the Bot API (https://core.telegram.org/bots/api). Link previews are always off. */
export function telegramMessenger(api: Api, chatId: number): Messenger {
  return {
    chatId,
    async send({ threadId, drawn, silent, replyTo, wantsReply }) {
      const message = await call(() =>
        tolerant(drawn, (text) =>
          api.sendMessage(chatId, text.text, {
            ...text.options,
            disable_notification: silent,
            ...(wantsReply !== undefined && {
              reply_markup: { force_reply: true, selective: true, input_field_placeholder: wantsReply.slice(0, 64) },
            }),
            ...(threadId !== null && { message_thread_id: threadId }),
            ...(replyTo !== undefined && {
              reply_parameters: { message_id: replyTo, allow_sending_without_reply: true },
            }),
          }),
        ),
      )
      return { chatId, threadId, messageId: message.message_id }
    },
    async edit(messageId, drawn) {
      try {
        await tolerant(drawn, (text) => api.editMessageText(chatId, messageId, text.text, text.options))
        return 'ok'
      } catch (error) {
        const reason = error instanceof GrammyError && error.error_code === 400 ? error.description : ''
        if (/message is not modified/i.test(reason)) return 'not_modified'
        if (/message to edit not found|message can't be edited|MESSAGE_ID_INVALID/i.test(reason)) return 'gone'
        throw toMessengerError(error)
      }
    },
    async retract(messageId) {
      await call(() => api.deleteMessage(chatId, messageId).catch(() => api.editMessageReplyMarkup(chatId, messageId)))
    },
    async makeTopic(name) {
      return (await call(() => api.createForumTopic(chatId, name).catch(sayWhichRight))).message_thread_id
    },
    async reach() {
      await call(() => api.getMe())
    },
  }
}

interface Text {
  text: string
  options: {
    parse_mode?: 'HTML'
    link_preview_options: { is_disabled: true }
    reply_markup?: { inline_keyboard: { text: string; callback_data: string }[][] }
  }
}

/** Better plain than not at all: what Telegram cannot read as HTML is sent again without any markup. */
async function tolerant<T>({ html, keyboard }: Drawn, send: (text: Text) => Promise<T>): Promise<T> {
  const inline_keyboard = keyboard.map((row) => row.map(({ text, data }) => ({ text, callback_data: data })))
  const options = {
    link_preview_options: { is_disabled: true as const },
    ...(inline_keyboard.length > 0 && { reply_markup: { inline_keyboard } }),
  }
  try {
    return await send({ text: html, options: { parse_mode: 'HTML', ...options } })
  } catch (error) {
    if (!(error instanceof GrammyError) || !/can't parse entities/i.test(error.description)) throw error
    return await send({ text: withoutMarkup(html), options })
  }
}

function withoutMarkup(html: string): string {
  const plain = html.replace(/<[^>]*>/g, '')
  return plain.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&').slice(0, 4_096)
}

/** The same words are said of every right; which one it is about is known where it was called. */
function sayWhichRight(error: unknown): never {
  if (!(error instanceof GrammyError) || !/not enough rights/i.test(error.description)) throw error
  const what = 'The bot may not make topics. Make it an admin with the right to manage topics.'
  throw new MessengerError('refused', what, { cause: error })
}

async function call<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw toMessengerError(error)
  }
}
