import { createHash } from 'node:crypto'
import canonicalize from 'canonicalize'

/** Anything JSON can hold. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }
export type JsonObject = { readonly [key: string]: Json }

/** RFC 8785 canonical JSON: the same value gives the same text on every machine. Throws on what JSON cannot hold. */
export function canonicalJson(value: unknown): string {
  const text = canonicalize(value)
  if (text === undefined) throw new TypeError('This value cannot be written as canonical JSON.')
  return text
}

/** Lower-case hexadecimal SHA-256 of the UTF-8 bytes of a text. */
export function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex')
}

/** SHA-256 over canonical JSON, in hexadecimal. */
export function hashOf(value: unknown): string {
  return sha256(canonicalJson(value))
}
