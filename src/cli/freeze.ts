import { userInfo } from 'node:os'
import { freeze, thaw } from '../autonomy/freeze.ts'
import { readConfig } from '../config.ts'
import { withDatabase } from './with-database.ts'

/** The same as /freeze and /thaw, for whoever may reach the database: the ledger has the name of the user here. */
export async function freezeCommand(
  what: 'freeze' | 'thaw',
  env: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  const by = userInfo().username
  const change = what === 'freeze' ? freeze : thaw
  const { from, to } = await withDatabase(
    readConfig(env),
    async (sql) => await sql.begin((tx) => change(tx, { actor: `shell:${by}`, by, channel: 'shell' })),
  )
  process.stdout.write(
    from === to ? `It is so already: ${to}.\n` : `The policy is ${to} now, for every replica; it was ${from}.\n`,
  )
  return 0
}
