import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { Logger } from 'pino'
import type { Config } from './config.ts'
import { OperatorError } from './domain/errors.ts'
import type { Problem, Runbook } from './domain/runbook.ts'
import { loadRunbookFolder } from './knowledge/runbook-folder.ts'
import { startEmbedded } from './storage/embedded-postgres.ts'

/** Makes the data folder. Throws an OperatorError where it cannot be written. */
export async function ownFolder(dataDir: string): Promise<void> {
  try {
    await makeFolder(resolve(dataDir))
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

/**
 * Makes a folder and those above it that are missing, one by one. Node's own recursive mkdir tries for ever where the folder
 * above exists and takes none, as below /proc.
 */
async function makeFolder(path: string): Promise<void> {
  if (await isFolder(path)) return
  if (dirname(path) !== path) await makeFolder(dirname(path))
  try {
    await mkdir(path)
  } catch (error) {
    // Another process may have been quicker.
    if (!(await isFolder(path))) throw error
  }
}

async function isFolder(path: string): Promise<boolean> {
  return await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )
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
