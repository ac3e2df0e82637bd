import type { Context } from 'hono'
import { streamSSE } from 'hono/streaming'
import type { ConsoleDeps } from './ports.ts'

/** So often a silent connection is checked: whether it is there, and whether its session still counts. */
const beatMs = 20_000

/**
 * Server-sent events: `incident` with the number of each one that changed. The stream ends with the session; a browser
 * that comes back is told to look at everything again by the `hello` it gets first.
 */
export function eventStream(
  c: Context,
  { changes }: Pick<ConsoleDeps, 'changes'>,
  stillSignedIn: () => Promise<boolean>,
): Response {
  return streamSSE(c, async (stream) => {
    const changed = new Set<number>()
    let wake = () => {}
    const stop = changes.subscribe((incident) => {
      changed.add(incident)
      wake()
    })
    stream.onAbort(() => {
      stop()
      wake()
    })
    try {
      await stream.writeSSE({ event: 'hello', data: '', retry: 2_000 })
      while (!stream.aborted && !stream.closed) {
        if (changed.size === 0) {
          await new Promise<void>((resolve) => {
            const beat = setTimeout(resolve, beatMs)
            wake = () => {
              clearTimeout(beat)
              resolve()
            }
          })
        }
        if (stream.aborted || !(await stillSignedIn())) break
        const numbers = [...changed]
        changed.clear()
        if (numbers.length === 0) await stream.write(': beat\n\n')
        for (const incident of numbers) await stream.writeSSE({ event: 'incident', data: String(incident) })
      }
    } finally {
      stop()
    }
  })
}
