import { freeze, thaw } from '../../autonomy/freeze.ts'
import { policyNow } from '../../autonomy/policy-setting.ts'
import { actorOf, type Person } from '../../domain/person.ts'
import type { Announcer } from '../../incidents/announce.ts'
import { inTransaction, type Sql } from '../../storage/postgres.ts'
import type { ConsoleDeps } from './ports.ts'

/** The console's freeze and thaw: the same as in chat, told to everybody there, and on record in the same ledger. */
export function consolePolicy(sql: Sql, announcer: Announcer): ConsoleDeps['policy'] {
  const wish = (person: Person) => ({ actor: actorOf(person), by: person.name, channel: 'console' })
  return {
    now: () => policyNow(sql),
    async freeze(person) {
      await inTransaction(sql, (tx) => freeze(tx, announcer, wish(person)))
    },
    async thaw(person) {
      await inTransaction(sql, (tx) => thaw(tx, announcer, wish(person)))
    },
  }
}
