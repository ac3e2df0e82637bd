import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmod, chown, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { OperatorError } from '../../domain/errors.ts'
import type { ServerUser } from './server-user.ts'

export const SUPERUSER = 'watchkeeper'

/** A database cluster on disk and what it takes to log in to it. */
export type Cluster = { folder: string; password: string }

/**
 * Finds the cluster below `dataDir`, or makes it. It is made under another name and renamed when complete, so that a
 * crash in the middle leaves nothing that looks like a database.
 */
export async function openCluster(dataDir: string, initdb: string, user: ServerUser, onLog: (line: string) => void) {
  const { folder, password: known } = await knownCluster(dataDir)
  const secret = secretOf(dataDir)
  if (await exists(join(folder, 'PG_VERSION'))) {
    if (known) return { folder, password: known }
    throw new OperatorError(
      `There is a database in ${folder}, but its password file ${secret} is gone or unreadable. Restore that file or its permissions, or move the database folder away to start with an empty one.`,
    )
  }
  const password = randomBytes(24).toString('hex')
  await makeCluster({ folder, password, dataDir, initdb, user, onLog })
  await writeFile(secret, `${password}\n`, { mode: 0o600 })
  await chmod(secret, 0o600)
  await rename(`${folder}.new`, folder)
  return { folder, password }
}

/** Where a cluster is, or would be, below `dataDir`, and its password as far as this user may read it. */
export async function knownCluster(dataDir: string): Promise<Pick<Cluster, 'folder'> & Partial<Cluster>> {
  const folder = join(dataDir, 'postgres')
  const password = await readFile(secretOf(dataDir), 'utf8').then(
    (text) => text.trim(),
    () => '',
  )
  return password === '' ? { folder } : { folder, password }
}

function secretOf(dataDir: string): string {
  return join(dataDir, 'postgres-password')
}

type Making = Cluster & { dataDir: string; initdb: string; user: ServerUser; onLog: (line: string) => void }

async function makeCluster({ folder, password, dataDir, initdb, user, onLog }: Making): Promise<void> {
  const fresh = `${folder}.new`
  const handover = join(dataDir, 'postgres-password.new')
  await rm(fresh, { recursive: true, force: true })
  await mkdir(fresh, { mode: 0o700 })
  await writeFile(handover, password, { mode: 0o600 })
  if (user) await Promise.all([chown(fresh, user.uid, user.gid), chown(handover, user.uid, user.gid)])
  const options = [
    `--pgdata=${fresh}`,
    `--username=${SUPERUSER}`,
    `--pwfile=${handover}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    // The collation that comes with the server: sorting does not change with the machine's C library.
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--locale=C',
  ]
  try {
    await runToEnd(initdb, options, user, onLog)
  } finally {
    await rm(handover, { force: true })
  }
}

function runToEnd(program: string, options: string[], user: ServerUser, onLog: (line: string) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, options, { ...user, stdio: ['ignore', 'pipe', 'pipe'], env: serverEnvironment() })
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => onLog(text.trimEnd()))
    }
    child.on('error', reject)
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(`initdb ended with code ${code}`))))
  })
}

/** What the server may see of our environment: nothing secret, and messages in English so that they can be understood. */
export function serverEnvironment(): Record<string, string> {
  return { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
