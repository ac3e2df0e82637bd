import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from 'pino'
import type { Config } from './config.ts'
import { OperatorError } from './domain/errors.ts'
import type { Problem, Runbook } from './domain/runbook.ts'
import { loadRunbookFolder } from './knowledge/runbook-folder.ts'
import { startEmbedded } from './storage/embedded-postgres.ts'

/** Makes the data folder. Throws an OperatorError where it cannot be written. */
export async function ownFolder(dataDir: string): Promise<void> {
  try {
    await mkdir(dataDir, { recursive: true })
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

/** Starts the embedded Postgres and answers its address. */
export async function embeddedDatabase(
  config: Config,
  log: Logger,
  closers: (() => Promise<unknown>)[],
): Promise<string> {
  const server = await startEmbedded({
    dataDir: join(config.dataDir, 'postgres'),
    log: (text) => log.debug({ part: 'postgres' }, text),
  })
  closers.push(() => server.stop())
  return server.url
}

/** The token webhooks must bring where none is configured: made once, kept in the data folder. */
export async function ownToken(dataDir: string): Promise<string> {
  const path = join(dataDir, 'keys', 'webhook-token')
  try {
    return (await readFile(path, 'utf8')).trim()
  } catch {
    const token = randomBytes(24).toString('base64url')
    await mkdir(join(dataDir, 'keys'), { recursive: true })
    await writeFile(path, `${token}\n`, { mode: 0o600 })
    return token
  }
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
