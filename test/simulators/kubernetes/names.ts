import { createHash, randomInt } from 'node:crypto'
import { isRecord } from './objects.ts'

/** The letters Kubernetes uses in generated names: no vowels, so that no words come out. */
const LETTERS = 'bcdfghjklmnpqrstvwxz2456789'

/** The five characters at the end of a pod's name. */
export function suffix(length = 5): string {
  return Array.from({ length }, () => LETTERS[randomInt(LETTERS.length)]).join('')
}

/** The same ten characters for the same content, in whatever order its keys come: what ends up in `pod-template-hash`. */
export function contentHash(content: unknown): string {
  const digest = createHash('sha256')
    .update(JSON.stringify(ordered(content)))
    .digest()
  return [...digest.subarray(0, 10)].map((byte) => LETTERS[byte % LETTERS.length]).join('')
}

/** With keys in order and without the nulls and empty objects that clients add or leave out as they like. */
function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered)
  if (!isRecord(value)) return value
  const entries = Object.entries(value).map(([key, item]) => [key, ordered(item)] as const)
  const present = entries.filter(([, item]) => item !== null && !(isRecord(item) && Object.keys(item).length === 0))
  return Object.fromEntries(present.sort(([left], [right]) => (left < right ? -1 : 1)))
}
