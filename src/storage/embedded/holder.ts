import { rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { OperatorError } from '../../domain/errors.ts'

/** Another process has the lock of the data folder. Its text is for somebody who starts an agent. */
export class FolderInUse extends OperatorError {
  override readonly name = 'FolderInUse'

  constructor(home: string) {
    super(
      `Another Watchkeeper is running with the data folder ${home}. Stop it, give this one a DATA_DIR of its own, or let both share one database with DATABASE_URL.`,
    )
  }
}

/**
 * Says beside the lock that its holder is a command, whose server ends with it. Only for whoever has the lock. The mark outlives
 * a command that was killed, and says so of the server which that left behind: the next holder takes both over.
 */
export async function keepAlone(home: string): Promise<void> {
  await writeFile(markOf(home), '')
}

/** Says that the holder is an agent, with whose server commands may work. Only for whoever has the lock. */
export async function share(home: string): Promise<void> {
  await rm(markOf(home), { force: true })
}

export async function isKeptAlone(home: string): Promise<boolean> {
  return await stat(markOf(home)).then(
    () => true,
    () => false,
  )
}

function markOf(home: string): string {
  return join(home, 'watchkeeper.command')
}
