import { setTimeout as sleep } from 'node:timers/promises'

/** Asks until there is an answer, ever less often (50 ms to 1 s); undefined after `forMs`. Rejects when the signal aborts. */
export async function until<T>(
  check: () => Promise<T | undefined>,
  { signal, forMs = Number.POSITIVE_INFINITY }: { signal: AbortSignal; forMs?: number },
): Promise<T | undefined> {
  const end = performance.now() + forMs
  for (let pause = 50; ; pause = Math.min(1_000, pause * 1.5)) {
    const found = await check()
    if (found !== undefined || performance.now() > end) return found
    await sleep(pause, undefined, { signal }).catch(() => signal.throwIfAborted())
  }
}
