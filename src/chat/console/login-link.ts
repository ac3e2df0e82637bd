import type { Sessions } from './ports.ts'

const LOGIN_TTL_MS = 15 * 60_000

/** A link into the console under `address` for this person, good once and for 15 minutes. Throws OperatorError for somebody unlisted. */
export async function loginLink(sessions: Sessions, address: string, person: string): Promise<string> {
  return `${address}/login?token=${await sessions.createLogin(person, LOGIN_TTL_MS)}`
}
