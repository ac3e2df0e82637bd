import { open, rename, rm, stat, utimes } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { makeFolder } from '../storage/make-folder.ts'

export interface LockTimes {
  /** Milliseconds without a sign of life after which its holder counts as dead. */
  staleMs: number
  /** Milliseconds that one waits for it at most. */
  patienceMs: number
}

const POLL_MS = 50

/**
 * Runs `work` while no other process does that asks for the same lock, a file. `work` is given what shows a sign of life, to be
 * called more often than `staleMs`. Undefined where the lock was not free in time.
 */
export async function withLock<T>(
  path: string,
  { staleMs, patienceMs }: LockTimes,
  work: (alive: () => Promise<void>) => Promise<T>,
): Promise<{ done: T } | undefined> {
  await makeFolder(dirname(path))
  const until = performance.now() + patienceMs
  while (!(await taken(path))) {
    if (performance.now() > until) return undefined
    await dropStale(path, staleMs)
    await wait(POLL_MS)
  }
  try {
    return { done: await work(() => utimes(path, new Date(), new Date())) }
  } finally {
    await rm(path, { force: true })
  }
}

async function taken(path: string): Promise<boolean> {
  try {
    await (await open(path, 'wx')).close()
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}

/** By renaming, so that of several who wait one drops it. */
async function dropStale(path: string, staleMs: number): Promise<void> {
  const there = await stat(path).catch(() => undefined)
  if (!there || Date.now() - there.mtimeMs < staleMs) return
  const aside = `${path}.stale`
  await rename(path, aside).catch(() => undefined)
  await rm(aside, { force: true })
}
