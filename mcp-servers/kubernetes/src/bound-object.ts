import { clip } from '@watchkeeper/mcp-shared'

const TEXT = 4_000
const ITEMS = 200
const BYTES = 60_000

type Bounded = { object: Record<string, unknown>; truncated: boolean }

/** An object small enough to answer with: long texts and lists cut, and cut harder until the whole fits into 60 kB. */
export function boundObject(object: Record<string, unknown>): Bounded {
  for (let strength = 1; strength <= 64; strength *= 4) {
    const cut = { truncated: false }
    const smaller = shrink(object, { text: TEXT / strength, items: Math.ceil(ITEMS / strength), cut })
    if (Buffer.byteLength(JSON.stringify(smaller)) <= BYTES) return { object: smaller, truncated: cut.truncated }
  }
  return {
    object: { apiVersion: object.apiVersion, kind: object.kind, metadata: { name: nameOf(object) } },
    truncated: true,
  }
}

type Limits = { text: number; items: number; cut: { truncated: boolean } }

function shrink(object: Record<string, unknown>, limits: Limits): Record<string, unknown> {
  const entries = Object.entries(object)
  const kept = entries.slice(0, limits.items)
  if (kept.length < entries.length) limits.cut.truncated = true
  return Object.fromEntries(kept.map(([key, value]) => [key, shrinkValue(value, limits)]))
}

function shrinkValue(value: unknown, limits: Limits): unknown {
  if (typeof value === 'string' && value.length > limits.text) {
    limits.cut.truncated = true
    return clip(value, limits.text)
  }
  if (Array.isArray(value)) {
    if (value.length > limits.items) limits.cut.truncated = true
    return value.slice(0, limits.items).map((item) => shrinkValue(item, limits))
  }
  return value !== null && typeof value === 'object' ? shrink({ ...value }, limits) : value
}

function nameOf({ metadata }: Record<string, unknown>): unknown {
  return metadata !== null && typeof metadata === 'object' && 'name' in metadata ? metadata.name : null
}
