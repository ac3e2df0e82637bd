import { MASKED } from './masked.ts'

/** A private key in PEM, from its first line to its last, or to the end of the text. */
export const WHOLE_KEY =
  /-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|$)/g
export const KEY_BEGIN = /^-----BEGIN [A-Z0-9 ]*PRIVATE KEY/
export const KEY_END = /-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----/
/** A line of base64 at its end, whatever a logger has put in front of it. */
export const KEY_LINE =
  /(?:^|[\s"'|:])[A-Za-z0-9+/]{20,}={0,2}["',]{0,2}\s*$|^[A-Za-z0-9+/]{1,64}={0,2}$|^(?:Proc-Type|DEK-Info):/

/** As much base64 as a line of a key has, anywhere in a line, so that JSON around it hides nothing; paths and digests lack capitals. */
export const FULL_LINE =
  /(?<![A-Za-z0-9+/])(?=(?:[A-Za-z0-9+/]|\\\/){60})(?=[a-z0-9+/\\]{0,80}[A-Z])(?=[A-Z0-9+/\\]{0,80}[a-z])/

/** Lines between the first and the last of a key of RSA with 8,192 bits. */
export const LONGEST_KEY = 100

export const MARK = /-----(BEGIN|END) [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----/g
/** The last line of a key is of any length; by itself it looks like a word at the end of a line, or like one of the texts of JSON. */
export const LAST_LINE = /(?:^|[\s"'|:])(?:[A-Za-z0-9+/]|\\\/){1,64}={0,2}(?:["',]{0,2}\s*$|(?:\\n)?")/
const WORD = /[A-Za-z0-9+/]{20,}={0,2}/g
const LAST_WORD = /(^|\s|\\[nr])[A-Za-z0-9+/]{1,64}={0,2}((?:\s|\\[nr]){0,4})$/

/**
 * Masks what a window was cut into: where the end of a private key is there and its beginning is not, everything before may be
 * of the key, and what looks like it goes. As many lines come back. Keys that are there from their beginning stay.
 */
export function maskCutKeys(lines: readonly string[]): string[] {
  if (!lines.some((line) => KEY_END.test(line))) return [...lines]
  const masked = [...lines]
  // Where a key without a beginning would have its first line; undefined while one is open whose beginning is there.
  let from: number | undefined = 0
  let last: number | undefined
  for (const [at, line] of lines.entries()) {
    const marks = [...line.matchAll(MARK)]
    const [first] = marks
    if (from !== undefined && first?.[1] === 'END') {
      for (let index = from; index < at; index += 1)
        if (isOfKey(lines[index] ?? '') || (index === last && LAST_LINE.test(lines[index] ?? '')))
          masked[index] = MASKED
      const before = line.slice(0, first.index).replace(LAST_WORD, `$1${MASKED}$2`).replace(WORD, MASKED)
      masked[at] = `${before}${MASKED}${line.slice(first.index + first[0].length)}`
    }
    const mark = marks.at(-1)?.[1]
    if (mark) from = mark === 'END' ? at + 1 : undefined
    if (line.trim() !== '') last = at
  }
  return masked
}

function isOfKey(line: string): boolean {
  return KEY_LINE.test(line) || FULL_LINE.test(line)
}
