import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Config } from '../config.ts'
import { OperatorError } from '../domain/errors.ts'
import { FolderInUse, isKeptAlone } from '../storage/embedded/holder.ts'
import { findEmbedded, startEmbedded } from '../storage/embedded-postgres.ts'
import { connect, type Sql } from '../storage/postgres.ts'
import { prepareDatabase } from '../storage/prepare-database.ts'

export type Waiting = {
  /** Milliseconds until an embedded database that somebody else has is given up: an agent needs some to start or to bring it back. */
  patienceMs?: number
  /** Told once, in a sentence, that it waits. */
  say?: (sentence: string) => void
}

type Opened = { url: string; stop?(): Promise<void> }

/**
 * Opens the installation's database for one command: its own, or the embedded one, beside the agent where that runs. Throws an
 * OperatorError where the embedded one is somebody else's for too long.
 */
export async function withDatabase<T>(
  config: Config,
  work: (sql: Sql) => Promise<T>,
  waiting: Waiting = {},
): Promise<T> {
  const { url, stop } =
    config.databaseUrl === undefined
      ? await openEmbedded(join(config.dataDir, 'postgres'), waiting)
      : { url: config.databaseUrl }
  try {
    await prepareDatabase(url)
    const sql = connect(url, { max: 2, applicationName: 'watchkeeper-cli' })
    try {
      return await work(sql)
    } finally {
      await sql.end({ timeout: 5 })
    }
  } finally {
    await stop?.()
  }
}

/** The agent's where one runs, else one of our own; whoever has the folder and lets nobody in yet is waited for. */
async function openEmbedded(folder: string, { patienceMs = 30_000, say = toStderr }: Waiting): Promise<Opened> {
  const deadline = performance.now() + patienceMs
  for (let told = false; ; told = true) {
    const running = await findEmbedded(folder)
    if (running !== undefined) return { url: running }
    try {
      return await startEmbedded({ dataDir: folder, alone: true })
    } catch (error) {
      if (!(error instanceof FolderInUse)) throw error
      const command = await isKeptAlone(folder)
      if (performance.now() > deadline) throw new OperatorError(givenUp(folder, command), { cause: error })
      if (!told) say(command ? COMMAND_HAS_IT : AGENT_HAS_IT)
    }
    await wait(200)
  }
}

const COMMAND_HAS_IT = 'Another command is at work with the embedded database. This one waits for it to end.'
const AGENT_HAS_IT = 'The database of the agent does not answer yet. This command waits for it.'

function givenUp(folder: string, command: boolean): string {
  return command
    ? `Another command is still at work with the database in ${folder}. Run this again when it has ended.`
    : `The agent that has the database in ${folder} does not let it be used. Look at what the agent says, and run this again when its database is there, or as the user it runs as. To be sure that nothing runs meanwhile, stop the agent.`
}

function toStderr(sentence: string): void {
  process.stderr.write(`${sentence}\n`)
}
