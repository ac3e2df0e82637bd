import type { Api } from 'grammy'
import type { Gate } from './outbox/gate.ts'
import { type Clean, redactingMessenger } from './outbox/redacting-messenger.ts'
import type { Speaker } from './telegram-answers.ts'
import { telegramMessenger } from './telegram-messenger.ts'

export interface SpeakerDeps {
  api: Api
  /** The rate of our own chat; other chats are people's own with the bot. */
  gate: Gate
  chatId: number
  /** Cuts secrets out of what is sent; nothing is cut unless told. */
  clean: Clean | undefined
  /** Until when it may speak; what waits for its turn then is not said, and rejects with its reason. Always unless told. */
  until?: AbortSignal
}

/** Calls that cards and answers keep for themselves: a line that only passes the time waits while there are fewer. */
const KEPT_FREE = 5

/** Says and edits in any chat, silently: what is said here answers somebody who waits for it. Everything said is searched for secrets. */
export function telegramSpeaker({ api, gate, chatId, clean, until }: SpeakerDeps): Speaker {
  const messengerOf = (chat: number, asItIs: boolean) => {
    const plain = telegramMessenger(api, chat)
    return clean && !asItIs ? redactingMessenger(plain, clean) : plain
  }
  const inTurn = async <T>(chat: number, call: () => Promise<T>) => {
    until?.throwIfAborted()
    return await (chat === chatId ? gate.run(call, until) : call())
  }
  return {
    async say({ chatId: chat, threadId, replyTo }, html, { wantsReply, asItIs = false } = {}) {
      const message = {
        threadId,
        drawn: { html, keyboard: [] },
        silent: true,
        ...(replyTo !== undefined && { replyTo }),
        ...(wantsReply !== undefined && { wantsReply }),
      }
      return await inTurn(chat, () => messengerOf(chat, asItIs).send(message))
    },
    edit: ({ chatId: chat, messageId }, html) =>
      inTurn(chat, () => messengerOf(chat, false).edit(messageId, { html, keyboard: [] })),
    hasRoom: (chat) => chat !== chatId || gate.free() > KEPT_FREE,
  }
}
