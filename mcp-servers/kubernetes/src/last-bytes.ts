import type { Readable } from 'node:stream'
import { UpstreamError } from '@watchkeeper/mcp-shared'

/**
 * The end of a stream, at most `max` bytes and whole lines: a log's newest lines come last, so its own byte limit, which
 * cuts the end, is of no use.
 */
export async function lastBytes(stream: Readable, max: number, signal: AbortSignal): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  let cut = false
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      chunks.push(chunk)
      size += chunk.length
      while (chunks.length > 1 && size - (chunks[0]?.length ?? 0) >= max) {
        size -= chunks.shift()?.length ?? 0
        cut = true
      }
    }
  } catch (error) {
    signal.throwIfAborted()
    throw new UpstreamError('unreachable', 'The connection to the API server broke in the middle of the log.', error)
  }
  const text = Buffer.concat(chunks).toString('utf8')
  return cut ? text.slice(text.indexOf('\n') + 1) : text
}
