import { setTimeout as pause } from 'node:timers/promises'

/** Thrown where something did not come about in time; the scenario that waited for it counts as broken. */
export class TooLate extends Error {}

/** Asks until there is an answer other than undefined or false. Rejects with what was waited for. */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined | false> | T | undefined | false,
  { timeoutMs = 20_000, everyMs = 100 }: { timeoutMs?: number; everyMs?: number } = {},
): Promise<T> {
  const deadline = Date.now() + timeoutMs
  for (;;) {
    const found = await look()
    if (found !== undefined && found !== false) return found
    if (Date.now() > deadline) throw new TooLate(`${what} did not come about within ${timeoutMs} ms`)
    await pause(everyMs)
  }
}
