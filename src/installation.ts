import { randomBytes } from 'node:crypto'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from 'pino'
import type { Config } from './config.ts'
import { OperatorError } from './domain/errors.ts'
import type { Problem, Runbook } from './domain/runbook.ts'
import { loadRunbookFolder } from './knowledge/runbook-folder.ts'
import { startEmbedded } from './storage/embedded-postgres.ts'
import { madeOnce } from './storage/made-once.ts'
import { makeFolder } from './storage/make-folder.ts'

/** Makes the data folder. Throws an OperatorError where it cannot be written. */
export async function ownFolder(dataDir: string): Promise<void> {
  try {
    await makeFolder(dataDir)
    const probe = join(dataDir, `.writable-${randomBytes(4).toString('hex')}`)
    await writeFile(probe, '')
    await rm(probe)
  } catch (error) {
    throw new OperatorError(
      `The data folder ${dataDir} cannot be written. Give this user the right to write there, or set DATA_DIR to another folder.`,
      { cause: error },
    )
  }
}

/** Starts the embedded Postgres. `lost` resolves when it has ended by itself and cannot be brought back. */
export async function embeddedDatabase(
  config: Config,
  log: Logger,
  closers: (() => Promise<unknown>)[],
): Promise<{ url: string; lost: Promise<OperatorError> }> {
  const server = await startEmbedded({
    dataDir: join(config.dataDir, 'postgres'),
    log: (text) => log.debug({ part: 'postgres' }, text),
    onTrouble: (sentence) => log.warn({ part: 'postgres' }, sentence),
  })
  closers.push(() => server.stop())
  return server
}

/** The token webhooks must bring where none is configured: made once, kept in the data folder. */
export async function ownToken(dataDir: string): Promise<string> {
  const path = join(dataDir, 'keys', 'webhook-token')
  return (await madeOnce(path, () => `${randomBytes(24).toString('base64url')}\n`)).trim()
}

/** The runbooks as loaded, and what is wrong with the others. */
export interface Shelf {
  byId: ReadonlyMap<string, Runbook>
  problems: readonly Problem[]
}

export async function runbookShelf(folder: string, log: Logger): Promise<Shelf> {
  const { runbooks, problems } = await loadRunbookFolder(folder)
  for (const problem of problems) log.warn({ ...problem }, 'a runbook has a problem')
  return { byId: new Map(runbooks.map((runbook) => [runbook.id, runbook])), problems }
}

/** Tells the dead-man's switch that alerts arrive. */
export async function feedWatchdog(url: string | undefined, log: Logger): Promise<void> {
  if (url === undefined) return
  try {
    await fetch(url, { signal: AbortSignal.timeout(5_000), redirect: 'error' })
  } catch (error) {
    log.warn({ err: error }, 'the dead-man’s switch could not be fed')
  }
}
