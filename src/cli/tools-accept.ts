import { readConfig } from '../config.ts'
import { unpin } from '../tools/contract-pins.ts'
import { withDatabase } from './with-database.ts'

/** Accepts what a set-aside server publishes now: its pins are dropped, and its next start pins anew. */
export async function acceptCommand(
  server: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  const dropped = await withDatabase(readConfig(env), (sql) => unpin(sql, server))
  process.stdout.write(
    dropped > 0
      ? `The tools of ${server} are accepted as they are when it starts next.\n`
      : `Nothing is pinned for ${server}. Its name is the one in the mcpServers file.\n`,
  )
  return 0
}
