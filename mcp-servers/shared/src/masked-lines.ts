import { LONGEST_KEY } from './key-lines.ts'
import { maskLines } from './mask.ts'
import { cleanText } from './text.ts'

/**
 * How many lines a tool reads before the window of a log that it was asked for. The first line of a key, or its last, tells that the
 * lines between are one; where a log ends in the middle of a key, there is only the first.
 */
export const LINES_BEFORE = LONGEST_KEY

/**
 * The newest lines of a log, at most `window` of them, without controls and secrets: what spans lines is masked before those are
 * dropped that were only read to see what the window begins in. Until then they stay as many as they were, or older ones would move into it.
 */
export function maskedLines(text: string, window: number): string[] {
  const lines = text.split('\n').map(cleanText)
  if (lines.at(-1) === '') lines.pop()
  return maskLines(lines).slice(-window)
}
