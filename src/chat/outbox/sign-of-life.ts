import type { OutboxDeps } from './deps.ts'
import { MessengerError } from './messenger.ts'

/**
 * Asks whether the messenger is there, before something is said again that may have arrived, or while it fails: an outage then
 * makes one copy too many and not one for each try. Throws MessengerError; where nobody answered, nothing was sent, and so it
 * is `unreached`.
 */
export async function signOfLife(
  { gate, messenger }: Pick<OutboxDeps, 'gate' | 'messenger'>,
  signal?: AbortSignal,
): Promise<void> {
  try {
    await gate.probe(() => messenger.reach(), signal)
  } catch (error) {
    const silent = error instanceof MessengerError && (error.failure === 'unknown' || error.failure === 'failed')
    throw silent ? new MessengerError('unreached', error.message, { cause: error }) : error
  }
}
