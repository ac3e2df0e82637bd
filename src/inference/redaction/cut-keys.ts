import type { Finding } from './finding.ts'
import { EDGE } from './shapes.ts'

const MARK = /-----(BEGIN|END) [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/g
const WORD = /[A-Za-z0-9+/]{20,}={0,2}/g
/** The last line of a key may be short: it is the word before its end, or the last of the line before. */
const LAST_WORD =
  /(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{1,64}={0,2}(?=[\s"',|]{0,16}$|(?:"\s{0,4},\s{0,4}"|["',]{0,3}\r?\n)[^\n"]{0,80}$)/g

/**
 * What is left of a private key of which the beginning was cut off, as a window of a log does it: where its end stands alone,
 * everything like base64 before it, up to the edge of its block, may be of it.
 */
export function findCutKeys(text: string): Finding[] {
  const marks = [...text.matchAll(MARK)]
  return marks.flatMap((mark, at) => {
    const before = marks[at - 1]
    if (mark[1] !== 'END' || before?.[1] === 'BEGIN') return []
    const since = before ? before.index + before[0].length : 0
    const from = since + ([...text.slice(since, mark.index).matchAll(EDGE)].at(-1)?.index ?? 0)
    const tail = Math.max(from, mark.index - 400)
    return [...found(text, WORD, from, mark.index), ...found(text, LAST_WORD, tail, mark.index)]
  })
}

function found(text: string, shape: RegExp, from: number, to: number): Finding[] {
  return [...text.slice(from, to).matchAll(shape)].map((match) => {
    const start = from + match.index
    return { start, end: start + match[0].length, kind: 'private-key' }
  })
}
