import { FULL_LINE, LAST_LINE, LONGEST_KEY, MARK, maskCutKeys, WHOLE_KEY } from './key-lines.ts'
import { MASKED } from './masked.ts'

/** A line that is of a key because of what it follows: base64 at its end, whatever a logger has put in front of it. */
const BODY = /(?:^|[\s"'|:])[A-Za-z0-9+/]{16,}={0,2}["',]{0,2}\s*$/
const HEADER = /(?:^|[\s"'|:])(?:Proc-Type|DEK-Info):/
const BARE = /^\s*[A-Za-z0-9+/]{1,64}={0,2}\s*$/

/**
 * Masks private keys in the lines of a log, and gives as many lines back. Between the first line of a key and its last all is masked.
 * A first line without a last is one that the log ends in, or prose that speaks of one: what follows it is masked as long as it looks
 * like a key, and again from the next line that can be nothing else, as lines of others come in between.
 */
export function maskKeyLines(lines: readonly string[]): string[] {
  const masked = maskCutKeys(lines)
  const marks = masked.map((line) => (line.includes('-----') ? [...line.matchAll(MARK)] : []))
  const newest = masked.findLastIndex((line) => line.trim() !== '')
  let open = false
  /** Where the last line of the open key is. */
  let end = -1
  /** Whether the line before is of the open key, and whether its base64 has begun. */
  let run = { of: false, body: false }
  for (const [at, line] of masked.entries()) {
    const [first, ...more] = marks[at] ?? []
    if (first) {
      const rest = open && first[1] === 'END' ? `${MASKED}${line.slice(first.index + first[0].length)}` : line
      masked[at] = rest.replace(WHOLE_KEY, MASKED).replace(MARK, MASKED)
      open = (more.at(-1) ?? first)[1] === 'BEGIN'
      end = open ? endAfter(at, marks) : -1
      run = { of: open, body: false }
    } else if (open && line.trim() !== '') {
      const body = FULL_LINE.test(line) || (run.of && BODY.test(line))
      const header = run.of && HEADER.test(line)
      // The last line of a key is of any length; where the log ends, it may be anything.
      const last = run.of && (run.body ? at === newest || LAST_LINE.test(line) : BARE.test(line))
      if (at < end || body || header || last) masked[at] = MASKED
      run = { of: body || header, body: body || (header && run.body) }
    }
  }
  return masked
}

/** The line of the END that belongs to the BEGIN of a line; -1 where another key begins before, or none is as long. */
function endAfter(at: number, marks: readonly (readonly RegExpExecArray[])[]): number {
  const within = marks.slice(at + 1, at + 2 + LONGEST_KEY)
  const next = within.findIndex((found) => found.length > 0)
  return within[next]?.[0]?.[1] === 'END' ? at + 1 + next : -1
}
