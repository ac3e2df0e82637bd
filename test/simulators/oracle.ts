import { appendFileSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'

/** Writes one call that a simulator received; `at` (unix ms) and `simulator` are added. */
export type Oracle = (entry: Record<string, unknown>) => void

/**
 * Opens the file in which a simulator keeps every call it received, one JSON line each.
 *
 * Lines are appended synchronously, so that a call is on record before its answer leaves: whoever saw the answer can
 * count on the line, and a killed simulator loses none. Without a path the oracle keeps nothing. Throws when the file
 * cannot be written.
 */
export function openOracle(path: string | undefined, simulator: string): Oracle {
  if (path === undefined) return () => {}
  mkdirSync(dirname(path), { recursive: true })
  appendFileSync(path, '')
  return (entry) => appendFileSync(path, `${JSON.stringify({ at: Date.now(), simulator, ...entry })}\n`)
}
