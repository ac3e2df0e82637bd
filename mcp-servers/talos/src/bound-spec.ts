import { brief } from '@watchkeeper/mcp-shared'
import { z } from 'zod'

/** The spec of a resource: most are objects, some are one word, and a machine configuration is a list of documents. */
export const Spec = z.union([
  z.record(z.string(), z.unknown()),
  brief(z.array(z.unknown())),
  z.string(),
  z.number(),
  z.boolean(),
  z.null(),
])
export type Spec = z.infer<typeof Spec>

const TEXT = 4_000
const ITEMS = 200
const BYTES = 60_000
const WHOLE_TEXT = 20_000

type Bounded = { value: unknown; truncated: boolean }

/** A value small enough to answer with: long texts and lists cut, and cut harder until the whole fits into `bytes`. */
export function boundSpec(value: unknown, bytes = BYTES): Bounded {
  for (let strength = 1; strength <= 256; strength *= 4) {
    const cut = { truncated: false }
    const smaller = shrink(value, { text: TEXT / strength, items: Math.ceil(ITEMS / strength), cut })
    if (Buffer.byteLength(JSON.stringify(smaller) ?? '') <= bytes) return { value: smaller, truncated: cut.truncated }
  }
  return { value: null, truncated: true }
}

/**
 * A value of at most so many characters: masking takes time, and answers hold far less. Texts are kept whole or not at all: a secret cut in two would not
 * be known as one.
 */
export function roughly(value: unknown, characters: number): Bounded {
  const left = { characters }
  const cut = { truncated: false }
  function visit(inner: unknown): unknown {
    if (typeof inner === 'string') {
      left.characters -= Math.min(inner.length, WHOLE_TEXT)
      if (inner.length <= WHOLE_TEXT && left.characters >= 0) return inner
      cut.truncated = true
      return `(${inner.length} characters)`
    }
    if (inner === null || typeof inner !== 'object') return inner
    const kept: [string, unknown][] = []
    for (const [name, child] of Object.entries(inner)) {
      if (left.characters <= 0) {
        cut.truncated = true
        break
      }
      left.characters -= name.length + 2
      kept.push([name, visit(child)])
    }
    return Array.isArray(inner) ? kept.map(([, child]) => child) : Object.fromEntries(kept)
  }
  return { value: visit(value), truncated: cut.truncated }
}

type Limits = { text: number; items: number; cut: { truncated: boolean } }

function shrink(value: unknown, limits: Limits): unknown {
  if (typeof value === 'string' && value.length > limits.text) {
    limits.cut.truncated = true
    return `${value.slice(0, limits.text)}… (${Math.round(value.length - limits.text)} more characters)`
  }
  if (value === null || typeof value !== 'object') return value
  const entries = Object.entries(value)
  if (entries.length > limits.items) limits.cut.truncated = true
  const kept = entries.slice(0, limits.items).map(([name, inner]): [string, unknown] => [name, shrink(inner, limits)])
  return Array.isArray(value) ? kept.map(([, inner]) => inner) : Object.fromEntries(kept)
}
