import { createHash, randomBytes } from 'node:crypto'
import { OperatorError } from '../../domain/errors.ts'
import type { Person } from '../../domain/person.ts'
import type { Sql } from '../../storage/postgres.ts'
import type { Session, Sessions } from './ports.ts'

/** Who signs in by the link printed at start, only while no people are configured. */
export const localAdmin: Person = { name: 'local-admin', telegramId: null, role: 'admin' }

/**
 * Sessions in Postgres, so that every replica knows them. The list of people is read anew at each request: who is taken
 * off it is out at once, and the local admin is gone as soon as anybody is on it.
 */
export function postgresSessions(sql: Sql, people: () => readonly Person[]): Sessions {
  const personNamed = (name: string): Person | undefined => {
    const listed = people()
    return listed.length === 0
      ? [localAdmin].find((admin) => admin.name === name)
      : listed.find((one) => one.name === name)
  }
  return {
    async createLogin(person, ttlMs) {
      if (!personNamed(person))
        throw new OperatorError(
          `${person} is not on the list of people. Add them to PEOPLE, or sign in as somebody who is.`,
        )
      const token = secret()
      await sql`delete from console_logins where expires_at < watch_now() - interval '1 day'`
      await sql`
        insert into console_logins (token_hash, person, expires_at)
        values (${hashed(token)}, ${person}, watch_now() + ${ttlMs} * interval '1 millisecond')`
      return token
    },

    async redeem(token) {
      // Two clicks at once are decided here: only one update finds the row unused.
      const [login] = await sql<{ person: string }[]>`
        update console_logins set used_at = watch_now()
        where token_hash = ${hashed(token)} and used_at is null and expires_at > watch_now()
        returning person`
      if (!login || !personNamed(login.person)) return undefined
      const cookie = secret()
      await sql`delete from console_sessions where expires_at < watch_now()`
      await sql`
        insert into console_sessions (token_hash, person, csrf, expires_at)
        values (${hashed(cookie)}, ${login.person}, ${secret()}, watch_now() + interval '12 hours')`
      return cookie
    },

    async session(cookie): Promise<Session | undefined> {
      const [row] = await sql<{ person: string; csrf: string }[]>`
        select person, csrf from console_sessions where token_hash = ${hashed(cookie)} and expires_at > watch_now()`
      const person = row && personNamed(row.person)
      return person && { person, csrf: row.csrf }
    },

    async end(cookie) {
      await sql`delete from console_sessions where token_hash = ${hashed(cookie)}`
    },
  }
}

function secret(): string {
  return randomBytes(32).toString('base64url')
}

function hashed(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}
