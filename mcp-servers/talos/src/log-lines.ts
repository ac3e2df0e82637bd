import { cleanText, clip, maskText } from '@watchkeeper/mcp-shared'

const LINE = 1_000
const BYTES = 80_000

export type LinePage = { items: string[]; truncated: boolean; total: number }

/**
 * The newest lines of a log, without controls and secrets (a key that spans lines is masked before they are split), at most
 * `tail` of them and 80 kB. `total` counts the lines that matched.
 */
export function lastLines(text: string, { tail, grep }: { tail: number; grep?: string | undefined }): LinePage {
  const lines = maskText(cleanText(text)).split('\n')
  if (lines.at(-1) === '') lines.pop()
  const matching = lines.filter((line) => grep === undefined || line.includes(grep))
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
