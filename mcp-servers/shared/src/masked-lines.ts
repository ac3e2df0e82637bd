import { maskText } from './mask.ts'
import { cleanText } from './text.ts'

/**
 * How many lines a tool reads before the window of a log that it was asked for. The first line of a key, or its last, tells that the
 * lines between are one; where a log ends in the middle of a key, there is only the first. RSA of 8,192 bits has 100 lines.
 */
export const LINES_BEFORE = 100

/**
 * The newest lines of a log, at most `window` of them, without controls and secrets: what spans lines is masked before they are told
 * apart, and before those are dropped that were only read to see what the window begins in.
 */
export function maskedLines(text: string, window: number): string[] {
  const lines = maskText(cleanText(text)).split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines.slice(-window)
}
