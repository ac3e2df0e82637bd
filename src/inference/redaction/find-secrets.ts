import { findCutKeys } from './cut-keys.ts'
import { findEncoded } from './encoded.ts'
import type { Finding } from './finding.ts'
import { findNamed } from './named.ts'
import { findCredentialFile, findShapes } from './shapes.ts'
import { inOriginal, joined, plain, unescaped } from './views.ts'

/** Looks for what somebody else knows the shape of; in milliseconds. */
export type OtherRules = (text: string) => Promise<Finding[]>

/**
 * Everything secret in a text: by its shape, by the name it stands under, in base64 and hexadecimal, behind escapes and
 * invisible characters, and across broken lines.
 */
export async function findSecrets(text: string, others: OtherRules): Promise<Finding[]> {
  const raw = plain(text)
  const open = unescaped(raw)
  const found = [...findHere(text), ...(await others(text))]
  if (open) found.push(...inOriginal(open, [...findHere(open.text), ...(await others(open.text))]))
  const whole = joined(open ?? raw)
  if (!whole) return found
  const across = [...findShapes(whole.text), ...findEncoded(whole.text, findKnown)]
  return [...found, ...inOriginal(whole, across).filter(reaches(text, found))]
}

function findHere(text: string): Finding[] {
  return [...findKnown(text), ...findEncoded(text, findKnown)]
}

function findKnown(text: string): Finding[] {
  return [...findCredentialFile(text), ...findShapes(text), ...findCutKeys(text), ...findNamed(text)]
}

/**
 * Only what really goes on over a line's end counts: a secret that ends with its line would otherwise take the first word of
 * the next with it. A token whose line holds it in full is one of a fixed length, or is followed by something indented.
 */
function reaches(text: string, found: readonly Finding[]) {
  return ({ start, end }: Finding): boolean => {
    const here = found.find((other) => other.start <= start && other.end > start)
    if (!here) return true
    const rest = text.slice(here.end, end)
    return /[A-Za-z0-9+/_-]{6,}/.test(rest)
  }
}
