import { clip, maskedLines } from '@watchkeeper/mcp-shared'

const LINE = 1_000
const BYTES = 80_000

export type LinePage = { items: string[]; truncated: boolean; total: number }

export type Wanted = { tail: number; grep?: string | undefined; window?: number | undefined }

/**
 * The newest lines of a log, without controls and secrets, at most `tail` of them and 80 kB. `total` counts the lines that
 * matched among the newest `window` of the text.
 */
export function lastLines(text: string, { tail, grep, window }: Wanted): LinePage {
  const matching = maskedLines(text, window ?? Number.POSITIVE_INFINITY).filter(
    (line) => grep === undefined || line.includes(grep),
  )
  const newest = matching.slice(-tail).map((line) => clip(line.trimEnd(), LINE))
  let size = 0
  let from = newest.length
  while (from > 0) {
    size += Buffer.byteLength(JSON.stringify(newest[from - 1] ?? '')) + 1
    if (size > BYTES) break
    from -= 1
  }
  const items = newest.slice(from)
  return { items, truncated: items.length < matching.length, total: matching.length }
}
