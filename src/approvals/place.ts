import type { Press } from '../domain/press.ts'
import type { Tx } from '../storage/postgres.ts'

/**
 * Whether a press came from where its card stands. A card whose message id was never learned, because the answer to
 * sending it was lost, is bound by the first press on it if chat and thread are right.
 */
export async function guard(
  tx: Tx,
  { channel, place }: Press,
  incident: number,
): Promise<{ because: string; text: string } | undefined> {
  if (channel === 'console') return undefined
  const [shown] = await tx<{ chat_id: number; thread_id: number | null; message_id: number | null }[]>`
    select chat_id, thread_id, message_id from messages
    where channel = ${channel} and incident_id = ${incident} and kind = 'card' for update`
  if (!place || !shown || place.chatId !== shown.chat_id || (shown.thread_id ?? null) !== place.threadId)
    return {
      because: 'pressed elsewhere than its card stands',
      text: 'This button belongs to another chat. Use the card there.',
    }
  if (place.messageId === null) return { because: 'pressed on no message', text: 'This card cannot be used from here.' }
  if (shown.message_id === null)
    await tx`
      update messages set message_id = ${place.messageId}
      where channel = ${channel} and incident_id = ${incident} and kind = 'card'`
  else if (shown.message_id !== place.messageId)
    return { because: 'pressed on an old copy', text: 'This is an old copy of the card. Use the newest one.' }
  return undefined
}
