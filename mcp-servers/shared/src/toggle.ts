import type { Env } from './config.ts'

const ON = new Set(['on', '1', 'true', 'yes'])
const OFF = new Set(['off', '0', 'false', 'no'])

/**
 * Whether a variable is switched on; one that is not set, or is empty, is off. Any word that is neither is a problem: taken for off, it
 * would leave on what somebody meant to close, and nobody would hear of it.
 */
export function toggle(env: Env, variable: string, problems: string[]): boolean {
  const word = env[variable] || 'off'
  if (ON.has(word.toLowerCase())) return true
  if (!OFF.has(word.toLowerCase())) problems.push(`${variable} must be on or off, not "${word}".`)
  return false
}
