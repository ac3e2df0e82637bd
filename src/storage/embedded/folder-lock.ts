import { DatabaseSync } from 'node:sqlite'

/**
 * Takes a lock that the operating system gives back when this process ends, however it ends; undefined when another
 * process holds it. SQLite is here only for its portable file lock: a file with a process id in it cannot tell a crashed
 * owner from a living one across containers, where everybody is process 1.
 */
export function lockFile(path: string): { release(): void } | undefined {
  const database = new DatabaseSync(path)
  try {
    database.exec('pragma busy_timeout = 0; pragma locking_mode = exclusive; begin exclusive')
  } catch (error) {
    database.close()
    if (isLocked(error)) return undefined
    throw error
  }
  return { release: () => database.close() }
}

const SQLITE_BUSY = 5

function isLocked(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY
}
