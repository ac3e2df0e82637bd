import type { Finding } from './finding.ts'

const BASE64 = /[A-Za-z0-9+/_-]{16,}={0,2}/g
const HEX = /(?:[0-9a-fA-F]{2}){12,}/g
const PERSONAL = /[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}|(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])/

/**
 * Stretches that are something secret in base64 or in hexadecimal, twice over at most. `find` looks into what they say; what
 * is personal in them is cut too, because nothing could put it back.
 */
export function findEncoded(text: string, find: (text: string) => Finding[], depth = 2): Finding[] {
  if (depth === 0) return []
  const hidden = (inner: string) =>
    PERSONAL.test(inner) || find(inner).length > 0 || findEncoded(inner, find, depth - 1).length > 0
  const runs = [...runsOf(text, BASE64, fromBase64), ...runsOf(text, HEX, (run) => Buffer.from(run, 'hex'))]
  return runs.flatMap(({ start, end, inner }) => (hidden(inner) ? [{ start, end, kind: 'encoded' }] : []))
}

function runsOf(text: string, shape: RegExp, decode: (run: string) => Buffer) {
  return [...text.matchAll(shape)].flatMap((match) => {
    const inner = readable(decode(match[0]))
    return inner === undefined ? [] : [{ start: match.index, end: match.index + match[0].length, inner }]
  })
}

/** Node reads both alphabets, the one of URLs as well. */
function fromBase64(run: string): Buffer {
  return Buffer.from(run, 'base64')
}

/** Text, if nearly all of it is printable. */
function readable(bytes: Buffer): string | undefined {
  if (bytes.length < 8) return undefined
  let printable = 0
  for (const byte of bytes) if ((byte >= 32 && byte < 127) || byte === 10 || byte === 13 || byte === 9) printable += 1
  return printable / bytes.length > 0.9 ? bytes.toString('latin1') : undefined
}
