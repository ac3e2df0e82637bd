const TEXT = 4_000
const ITEMS = 200
const BYTES = 60_000

/** A value small enough to answer with: long texts and lists cut, and cut harder until the whole fits into `bytes`. */
export function boundSpec(value: unknown, bytes = BYTES): { value: unknown; truncated: boolean } {
  for (let strength = 1; strength <= 256; strength *= 4) {
    const cut = { truncated: false }
    const smaller = shrink(value, { text: TEXT / strength, items: Math.ceil(ITEMS / strength), cut })
    if (Buffer.byteLength(JSON.stringify(smaller) ?? '') <= bytes) return { value: smaller, truncated: cut.truncated }
  }
  return { value: null, truncated: true }
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
