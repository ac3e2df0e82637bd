import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { OperatorError } from '../../domain/errors.ts'

const run = promisify(execFile)

/** The operating system user a server runs as; undefined means the user of this process. */
export type ServerUser = { uid: number; gid: number } | undefined

/**
 * Postgres refuses to run as root, so root hands it to the system user `postgres`, made if there is none. Anyone else
 * runs it as themselves.
 */
export async function findServerUser(): Promise<ServerUser> {
  if (process.getuid?.() !== 0) return undefined
  try {
    return await lookUp().catch(async () => {
      await run('useradd', ['--system', '--user-group', '--no-create-home', 'postgres'])
      return lookUp()
    })
  } catch (error) {
    throw new OperatorError(
      'Postgres does not run as root, and no system user named postgres could be made for it. Start Watchkeeper as an ordinary user, or set DATABASE_URL.',
      { cause: error },
    )
  }
}

async function lookUp(): Promise<{ uid: number; gid: number }> {
  const [uid, gid] = await Promise.all([run('id', ['-u', 'postgres']), run('id', ['-g', 'postgres'])])
  return { uid: Number(uid.stdout), gid: Number(gid.stdout) }
}
