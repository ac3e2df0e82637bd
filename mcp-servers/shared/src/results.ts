import { maskCutKeys } from './key-lines.ts'
import { maskInOrder } from './mask.ts'
import { cleanText, clip } from './text.ts'

/** Limits of one answer. `bytes` counts the JSON of the structured content in UTF-8. */
export type Bounds = { bytes: number; text: number }

export const BOUNDS: Bounds = { bytes: 100_000, text: 8_000 }

export type Page<T> = { items: T[]; truncated: boolean; total: number }

/** The first `limit` of `all`, with the true total, so that nobody takes a page for the whole. */
export function page<T>(all: readonly T[], limit: number): Page<T> {
  return { items: all.slice(0, limit), truncated: all.length > limit, total: all.length }
}

/**
 * The one place every answer passes on its way out: each string without control characters and without anything that
 * looks like a secret, each at most `bounds.text` long, and the whole at most `bounds.bytes`. An answer that is too large loses items
 * from the end of `items` and says `truncated`; undefined when it cannot be made to fit.
 */
export function fit(output: Record<string, unknown>, bounds: Bounds = BOUNDS): Record<string, unknown> | undefined {
  const mask = maskInOrder()
  const text = (value: string, field: string) => clip(mask(cleanText(value), field), bounds.text)
  const clean = Object.fromEntries(Object.entries(output).map(([name, value]) => [name, tidy(value, name, text)]))
  let size = bytesOf(clean)
  if (size <= bounds.bytes) return clean
  if (!Array.isArray(clean.items) || !('truncated' in clean)) return undefined
  const items: unknown[] = [...clean.items]
  while (items.length > 0 && size > bounds.bytes) size -= bytesOf(items.pop()) + 1
  return size <= bounds.bytes ? { ...clean, items, truncated: true } : undefined
}

function tidy(value: unknown, field: string, text: (value: string, field: string) => string): unknown {
  if (typeof value === 'string') return text(value, field)
  if (Array.isArray(value)) return cutKeysMasked(value).map((item) => tidy(item, field, text))
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [cleanText(name), tidy(inner, name, text)]))
}

/** A list of texts is most often the lines of something. */
function cutKeysMasked(items: readonly unknown[]): readonly unknown[] {
  return items.every((item) => typeof item === 'string') ? maskCutKeys(items) : items
}

function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value) ?? '')
}
