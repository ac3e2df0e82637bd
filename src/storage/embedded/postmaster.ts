import { readFile, readlink, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

/** What a running Postgres writes about itself into its data folder. */
export type Postmaster = { pid: number; port: number; ready: boolean }

/**
 * Reads `postmaster.pid`: the process id on line 1, the port on line 4, the state on line 8. Undefined when there is no
 * such file or it is not complete yet.
 * Source: https://www.postgresql.org/docs/current/storage-file-layout.html and miscadmin.h in the Postgres source.
 */
export async function readPostmaster(folder: string): Promise<Postmaster | undefined> {
  const text = await readFile(join(folder, 'postmaster.pid'), 'utf8').catch(() => '')
  const lines = text.split('\n')
  const pid = Number(lines[0])
  const port = Number(lines[3])
  if (!Number.isInteger(pid) || pid <= 1) return undefined
  return { pid, port: Number.isInteger(port) ? port : 0, ready: lines[7]?.trim() === 'ready' }
}

/**
 * Whether `pid` is alive and is the server of this folder, not an unrelated process that got the number of one long
 * gone. A postmaster's working directory is its data folder; where that cannot be read (no /proc) alive must do.
 */
export async function isServerOf(folder: string, pid: number): Promise<boolean> {
  if (!isAlive(pid) || (await isZombie(pid))) return false
  const [directory, expected] = await Promise.all([
    readlink(`/proc/${pid}/cwd`).catch(() => undefined),
    realpath(folder).catch(() => folder),
  ])
  return directory === undefined ? !(await isForeign(pid)) : directory === expected
}

/**
 * Ends a server, the kind way first: SIGINT disconnects everybody and checkpoints, SIGQUIT leaves recovery to the next
 * start, and SIGKILL is for one that does not even hear that. `patience` is in milliseconds, for each of them.
 */
export async function stopServer(pid: number, patience = 10_000): Promise<void> {
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
    send(pid, signal)
    if (await isGone(pid, patience)) return
  }
}

/** Asks a server to end, without waiting for it; one that is gone already is no error. */
export function signalServer(pid: number): void {
  send(pid, 'SIGINT')
}

function isAlive(pid: number): boolean {
  return send(pid, 0)
}

async function isGone(pid: number, patience: number): Promise<boolean> {
  const deadline = performance.now() + patience
  while (performance.now() < deadline) {
    if (!isAlive(pid) || (await isZombie(pid))) return true
    await wait(20)
  }
  return false
}

/** A server that was stopped but whose parent has not collected it yet still has a number, and nothing else. */
async function isZombie(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  return /^\d+ \(.*\) Z/s.test(stat)
}

async function isForeign(pid: number): Promise<boolean> {
  const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => undefined)
  return name !== undefined && name.trim() !== 'postgres'
}

function send(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, signal)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
