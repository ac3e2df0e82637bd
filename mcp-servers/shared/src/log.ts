import { maskDeep } from './mask.ts'

export type Level = 'debug' | 'info' | 'warn' | 'error'

/** Writes one line of JSON. In a stdio server stdout belongs to the protocol, so logs go to stderr. */
export type Log = (level: Level, message: string, fields?: Record<string, unknown>) => void

export type Writable = { write(text: string): unknown }

/** A log of one JSON object a line, with secrets masked. `fields` may hold an Error: its name, message and stack are kept. */
export function jsonLog(stream: Writable, now: () => number, server: string): Log {
  return function log(level, message, fields = {}) {
    const plain = Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, describe(value)]))
    const line = { time: new Date(now()).toISOString(), level, server, message, ...plain }
    stream.write(`${JSON.stringify(maskDeep(line))}\n`)
  }
}

function describe(value: unknown): unknown {
  if (!(value instanceof Error)) return value
  const cause = value.cause === undefined ? {} : { cause: describe(value.cause) }
  return { name: value.name, message: value.message, stack: value.stack?.split('\n').slice(0, 12).join('\n'), ...cause }
}
