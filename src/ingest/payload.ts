import { isUtf8 } from 'node:buffer'
import { OperatorError } from '../domain/errors.ts'

/** What was posted cannot be taken, however often it is sent again: 400 it is wrong, 413 it is too much. */
export class RefusedPayload extends OperatorError {
  override readonly name = 'RefusedPayload'
  readonly status: 400 | 413

  constructor(status: 400 | 413, message: string, context: { cause?: unknown } = {}) {
    super(message, context)
    this.status = status
  }
}

/** A real webhook nests four levels deep. */
const MAX_DEPTH = 16

/**
 * UTF-8 bytes to the JSON value they spell. The nesting is counted on the bytes before anything is parsed, so that hostile
 * input costs one pass and no stack. Throws RefusedPayload (400).
 */
export function readJson(bytes: Uint8Array, { maxDepth = MAX_DEPTH } = {}): unknown {
  if (nestsDeeperThan(maxDepth, bytes))
    throw new RefusedPayload(400, `The body nests more than ${maxDepth} levels deep; an Alertmanager webhook needs 4.`)
  const text = decode(bytes)
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new RefusedPayload(
      400,
      `The body is not JSON: ${whereItFails(text, cause)}. Send the webhook's JSON object.`,
      {
        cause,
      },
    )
  }
}

/** The engine says where in one of several ways. */
function whereItFails(text: string, cause: unknown): string {
  if (text.trim() === '') return 'it is empty'
  const said = cause instanceof Error ? cause.message : ''
  const [, token] = /^Unexpected token '(.)'/su.exec(said) ?? []
  if (token) return `it has ${JSON.stringify(token)} where that cannot be`
  const [, position] = /position (\d+)/.exec(said) ?? []
  return position ? `it goes wrong at character ${position}` : 'it breaks off too early'
}

function decode(bytes: Uint8Array): string {
  if (!isUtf8(bytes)) throw new RefusedPayload(400, 'The body is not valid UTF-8. Send JSON encoded as UTF-8.')
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
  return text.startsWith('\uFEFF') ? text.slice(1) : text
}

const QUOTE = 0x22
const BACKSLASH = 0x5c

/** Brackets inside strings do not count. No byte of a longer UTF-8 sequence looks like an ASCII character. */
function nestsDeeperThan(limit: number, bytes: Uint8Array): boolean {
  let depth = 0
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]
    if (byte === QUOTE) at = endOfString(bytes, at)
    else if (byte === 0x7b || byte === 0x5b) {
      if (++depth > limit) return true
    } else if (byte === 0x7d || byte === 0x5d) depth--
  }
  return false
}

function endOfString(bytes: Uint8Array, start: number): number {
  for (let from = start + 1; ; ) {
    const end = bytes.indexOf(QUOTE, from)
    if (end < 0) return bytes.length
    let escapes = 0
    while (bytes[end - 1 - escapes] === BACKSLASH) escapes++
    // An even number of backslashes before a quote escape one another.
    if (escapes % 2 === 0) return end
    from = end + 1
  }
}
