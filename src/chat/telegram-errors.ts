import { GrammyError, HttpError } from 'grammy'
import { MessengerError } from './outbox/messenger.ts'

/** What Telegram says of itself when it has not done it. */
const NOT_DONE = new Set([500, 503])

/**
 * What a failed call of the Bot API means for the outbox. Anything without an answer may have been carried out; so may what a
 * proxy on the way answers with 502 or 504, whose upstream may have had the request before it broke off or took too long.
 * https://core.telegram.org/bots/api#making-requests
 */
export function toMessengerError(error: unknown): MessengerError {
  if (error instanceof MessengerError) return error
  if (error instanceof GrammyError) return refused(error)
  if (error instanceof HttpError && neverLeft(error.error))
    return new MessengerError('unreached', 'Telegram cannot be reached.', { cause: error })
  return new MessengerError('unknown', 'Telegram did not answer.', { cause: error })
}

function refused(error: GrammyError): MessengerError {
  const { error_code: code, description, parameters } = error
  const told = (failure: MessengerError['failure'], message: string) =>
    new MessengerError(failure, message, { cause: error })
  if (code === 429) {
    const waitMs = (parameters.retry_after ?? 1) * 1_000
    return new MessengerError('wait', `Telegram asks to wait ${waitMs / 1_000} s.`, { waitMs, cause: error })
  }
  if (code >= 500) return told(NOT_DONE.has(code) ? 'failed' : 'unknown', `Telegram failed (${code}).`)
  if (parameters.migrate_to_chat_id !== undefined)
    return told('closed', `The group has a new id. Set TELEGRAM_CHAT_ID to ${parameters.migrate_to_chat_id}.`)
  if (code === 401 || code === 404)
    return told('closed', 'Telegram does not know the bot. Set TELEGRAM_BOT_TOKEN to the token that @BotFather gave.')
  if (code === 403)
    return told('closed', 'The bot may not write there. Add it to the group that TELEGRAM_CHAT_ID names.')
  if (/chat not found/i.test(description))
    return told(
      'closed',
      'Telegram knows no such chat. Set TELEGRAM_CHAT_ID to the id of the group, and add the bot to it.',
    )
  if (
    /(?:not enough|have no) rights to send|CHAT_WRITE_FORBIDDEN|CHAT_SEND_\w+_FORBIDDEN|CHAT_RESTRICTED/i.test(
      description,
    )
  )
    return told('closed', 'The bot may not send messages to the group. Give it that right, or make it an admin.')
  if (/message thread not found|TOPIC_CLOSED|TOPIC_DELETED|TOPIC_ID_INVALID/i.test(description))
    return told('thread_gone', 'The topic is not there any more.')
  if (/not a forum/i.test(description))
    return told('refused', 'The chat has no topics. Switch Topics on in the settings of the group.')
  return told('refused', `Telegram refused: ${description}`)
}

/** Failures before anything could have been sent. */
const BEFORE_SENDING = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'])

function neverLeft(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return (
    typeof code === 'string' && (BEFORE_SENDING.has(code) || code.startsWith('CERT_') || code.startsWith('ERR_TLS'))
  )
}
