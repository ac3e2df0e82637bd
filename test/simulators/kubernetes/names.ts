import { createHash, randomInt } from 'node:crypto'

/** The letters Kubernetes uses in generated names: no vowels, so that no words come out. */
const LETTERS = 'bcdfghjklmnpqrstvwxz2456789'

/** The five characters at the end of a pod's name. */
export function suffix(length = 5): string {
  return Array.from({ length }, () => LETTERS[randomInt(LETTERS.length)]).join('')
}

/** The same ten characters for the same content: what ends up in `pod-template-hash`. */
export function contentHash(content: unknown): string {
  const digest = createHash('sha256').update(JSON.stringify(content)).digest()
  return [...digest.subarray(0, 10)].map((byte) => LETTERS[byte % LETTERS.length]).join('')
}
