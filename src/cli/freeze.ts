import { userInfo } from 'node:os'
import { freeze, thaw } from '../autonomy/freeze.ts'
import { TELEGRAM_CHANNEL } from '../chat/telegram-bot.ts'
import { readConfig } from '../config.ts'
import { announcer } from '../incidents/announce.ts'
import { withDatabase } from './with-database.ts'

/**
 * The same as /freeze and /thaw, for whoever may reach the database: the ledger has the name of the user here, and the agent
 * tells everybody in the chat.
 */
export async function freezeCommand(
  what: 'freeze' | 'thaw',
  env: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  const by = userInfo().username
  const change = what === 'freeze' ? freeze : thaw
  const config = readConfig(env)
  const chat = announcer(config.telegram ? [TELEGRAM_CHANNEL] : [])
  const { from, to } = await withDatabase(
    config,
    async (sql) => await sql.begin((tx) => change(tx, chat, { actor: `shell:${by}`, by, channel: 'shell' })),
  )
  process.stdout.write(
    from === to ? `It is so already: ${to}.\n` : `The policy is ${to} now, for every replica; it was ${from}.\n`,
  )
  return 0
}
