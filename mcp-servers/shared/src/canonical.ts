import { createHash } from 'node:crypto'
import canonicalize from 'canonicalize'

/** Canonical JSON by RFC 8785. Throws on what JSON cannot carry. */
export function canonical(value: unknown): string {
  const text = canonicalize(value)
  if (text === undefined) throw new TypeError('only JSON values have a canonical form')
  return text
}

/** Lowercase hex SHA-256 over the canonical JSON of a value. */
export function digestOf(value: unknown): string {
  return createHash('sha256').update(canonical(value), 'utf8').digest('hex')
}
