import type { Api } from 'grammy'
import { toMessengerError } from './telegram-errors.ts'

/**
 * The bot's username, without @: asked of Telegram when it is first wanted, and kept. Each replica asks for itself, for each
 * is told what people say, and only one introduces the bot. Rejects with MessengerError where Telegram does not say; then the
 * next call asks again.
 */
export function botName(api: Api): () => Promise<string> {
  let asked: Promise<string> | undefined
  async function ask(): Promise<string> {
    try {
      return (await api.getMe()).username
    } catch (error) {
      asked = undefined
      throw toMessengerError(error)
    }
  }
  return () => {
    asked ??= ask()
    return asked
  }
}
