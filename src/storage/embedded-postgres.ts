import { type ChildProcess, spawn } from 'node:child_process'
import { realpath, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join, resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { OperatorError } from '../domain/errors.ts'
import { type Binaries, findBinaries } from './embedded/binaries.ts'
import { type Cluster, knownCluster, openCluster, SUPERUSER, serverEnvironment } from './embedded/cluster.ts'
import { explainStart } from './embedded/explain.ts'
import { lockFile } from './embedded/folder-lock.ts'
import { FolderInUse, isKeptAlone, keepAlone, share } from './embedded/holder.ts'
import { keepRunning } from './embedded/keep-running.ts'
import { isServerOf, readPostmaster, signalServer, stopServer } from './embedded/postmaster.ts'
import { findServerUser, type ServerUser } from './embedded/server-user.ts'
import { makeFolder } from './make-folder.ts'
import { connect, errorCode } from './postgres.ts'

export type EmbeddedPostgres = {
  /** How to connect. It holds the password: never log it. */
  url: string
  /** Whether a server left behind by a crash was taken over. */
  adopted: boolean
  /** Resolves, with a sentence for people, when the server has ended by itself and cannot be brought back. */
  lost: Promise<OperatorError>
  /** Disconnects everybody, checkpoints and ends the server. Calling it again does nothing. */
  stop(): Promise<void>
}

export type EmbeddedOptions = {
  /** The folder that holds the cluster, its password and the lock; made if there is none. */
  dataDir: string
  /** Takes what the server says, a line or more at a time. */
  log?: (text: string) => void
  /** Told in a sentence when the server has ended by itself, and what came of starting it again. */
  onTrouble?: (sentence: string) => void
  /** For a command, whose server ends with it: nobody is let in beside it. An agent's server is shared with commands. */
  alone?: boolean
  /** Server settings beyond the usual ones, such as `fsync=off` for a database that is thrown away. */
  settings?: Record<string, string>
}

/** Crashed servers need a moment: their shared memory lives on until the last of their processes has noticed. */
const PATIENCE_MS = 10_000

const DATABASE = 'watchkeeper'

/**
 * Runs a real Postgres out of `dataDir`, on a free port of the loopback address, for this process alone.
 *
 * A server that outlived a crash of its agent is taken over, or stopped when it does not answer. Throws a FolderInUse
 * when another agent or command uses the folder, and an OperatorError when it cannot be used, or the disk is full. A server that
 * ends without having been asked to, as where memory ran out, is started again on the same port.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const { dataDir, log, onTrouble, alone = false, settings } = options
  const home = resolve(dataDir)
  const said: string[] = []
  const onLog = (text: string) => {
    said.push(text)
    if (said.length > 100) said.shift()
    log?.(text)
  }
  let lock: { release(): void } | undefined
  try {
    await makeFolder(home, 0o711)
    lock = lockFile(join(home, 'watchkeeper.lock'))
    if (!lock) throw new FolderInUse(home)
    // Before there is a server, so that nobody takes ours for one that stays.
    await (alone ? keepAlone(home) : share(home))
    const start = (port?: number) => bringUp({ home, settings: settings ?? {}, onLog, said, port })
    const server = await start()
    const again = () => {
      // What it said before it ended does not say why it does not start.
      said.length = 0
      return start(server.port)
    }
    return holdUntilStopped(server, {
      lock,
      again,
      isHopeless: (error) => isHopeless(error, said),
      explain: (error) => explainStart(error, home, said),
      tell: onTrouble ?? (() => {}),
    })
  } catch (error) {
    lock?.release()
    throw explainStart(error, home, said)
  }
}

/**
 * How to connect to the server that runs in `dataDir` for an agent; undefined where none does, it is not for this user, or it is
 * a command's and ends with it. It holds the password: never log it.
 */
export async function findEmbedded(dataDir: string): Promise<string | undefined> {
  const home = resolve(dataDir)
  const { folder, password } = await knownCluster(home)
  const found = await readPostmaster(folder)
  if (password === undefined || !found?.ready || !(await isServerOf(folder, found.pid))) return undefined
  if (await isKeptAlone(home)) return undefined
  const cluster = { folder, password }
  return (await letsUsIn(cluster, found.port)) === 'yes' ? urlOf(cluster, found.port) : undefined
}

type Running = { url: string; adopted: boolean; pid: number; port: number; folder: string }

type BringUp = {
  home: string
  settings: Record<string, string>
  onLog: (text: string) => void
  said: readonly string[]
  /** Any that is free unless told. */
  port: number | undefined
}

async function bringUp({ home, settings, onLog, said, port }: BringUp): Promise<Running> {
  const [binaries, user] = await Promise.all([findBinaries(), findServerUser()])
  const cluster = await openCluster(home, binaries.initdb, user, onLog)
  const adopted = await adopt(cluster)
  if (adopted) return adopted
  const deadline = performance.now() + PATIENCE_MS
  for (let pause = 50; ; pause = Math.min(pause * 2, 1_000)) {
    try {
      return await launch({ cluster, binaries, user, settings, onLog, port: port ?? (await freePort()) })
    } catch (error) {
      if (performance.now() + pause > deadline || isHopeless(error, said)) throw error
      await wait(pause)
    }
  }
}

/** Takes over a server that still runs in this folder; undefined when there is none, or none that was worth keeping. */
async function adopt(cluster: Cluster): Promise<Running | undefined> {
  const deadline = performance.now() + PATIENCE_MS / 2
  for (;;) {
    const found = await readPostmaster(cluster.folder)
    if (!found) return undefined
    if (!(await isServerOf(cluster.folder, found.pid))) {
      await rm(join(cluster.folder, 'postmaster.pid'), { force: true })
      return undefined
    }
    if (found.ready && (await letsUsIn(cluster, found.port)) === 'yes')
      return { ...at(cluster, found.port), adopted: true, pid: found.pid }
    // It may be in the middle of its recovery or its shutdown, so it is given a while.
    if (found.ready || performance.now() > deadline) {
      await stopServer(found.pid, PATIENCE_MS / 2)
      return undefined
    }
    await wait(100)
  }
}

/** Whether the server on this port knows our password and is that of our folder. Makes our database if there is none yet. */
async function letsUsIn(cluster: Cluster, port: number): Promise<'yes' | 'not yet' | 'never'> {
  const sql = connect(urlOf(cluster, port, 'postgres'), { max: 1, timeoutSeconds: 3 })
  try {
    const [row] = await sql<{ folder: string }[]>`select current_setting('data_directory') as folder`
    if (row?.folder !== (await realpath(cluster.folder)) && row?.folder !== cluster.folder) return 'never'
    const [known] = await sql`select 1 from pg_database where datname = ${DATABASE}`
    if (!known) await sql`create database ${sql(DATABASE)}`
    return 'yes'
  } catch (error) {
    // A full disk is for a person to mend: stopping and starting again would only hide the reason.
    if (errorCode(error) === '53100') throw error
    return errorCode(error) === '28P01' ? 'never' : 'not yet'
  } finally {
    await sql.end({ timeout: 1 })
  }
}

type Launch = {
  cluster: Cluster
  binaries: Binaries
  user: ServerUser
  settings: Record<string, string>
  onLog: (text: string) => void
  port: number
}

async function launch({ cluster, binaries, user, settings, onLog, port }: Launch): Promise<Running> {
  const flags = { listen_addresses: '127.0.0.1', unix_socket_directories: '', max_connections: '200', ...settings }
  const options = Object.entries(flags).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  // A group of its own: Ctrl-C in a terminal goes to us alone, and we end the server last.
  const child = spawn(binaries.postgres, ['-D', cluster.folder, '-p', String(port), ...options], {
    ...user,
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: serverEnvironment(),
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => onLog(text.trimEnd()))
  const pid = await readiness(child, cluster, port)
  child.unref()
  if ('unref' in child.stderr && typeof child.stderr.unref === 'function') child.stderr.unref()
  return { ...at(cluster, port), adopted: false, pid }
}

/** Resolves with the process id once the server lets us in; rejects when it ends before that, or takes 30 s. */
async function readiness(child: ChildProcess, cluster: Cluster, port: number): Promise<number> {
  let ended: Error | undefined
  child.once('error', (error) => {
    ended = error
  })
  child.once('close', (code) => {
    ended ??= new Error(`postgres ended with code ${code} while starting`)
  })
  const deadline = performance.now() + 30_000
  while (!ended && performance.now() < deadline) {
    const found = await readPostmaster(cluster.folder)
    if (found?.ready && found.pid === child.pid) {
      const welcome = await letsUsIn(cluster, port)
      if (welcome === 'yes') return found.pid
      if (welcome === 'never') ended = strangePassword(cluster)
    }
    await wait(10)
  }
  if (child.pid !== undefined && child.exitCode === null) await stopServer(child.pid)
  throw ended ?? new Error('postgres was not ready after 30 seconds')
}

type Hold = {
  lock: { release(): void }
  again(): Promise<Running>
  isHopeless(error: unknown): boolean
  explain(error: unknown): OperatorError
  tell(sentence: string): void
}

function holdUntilStopped({ url, adopted, pid, folder }: Running, hold: Hold): EmbeddedPostgres {
  const { lock, again, explain } = hold
  const kept = keepRunning(pid, {
    isRunning: (one) => isServerOf(folder, one),
    bringBack: async () => (await again()).pid,
    isHopeless: hold.isHopeless,
    tell: hold.tell,
  })
  // The last resort, for a process that ends without having stopped us: signals are not handled here.
  const atExit = () => {
    const running = kept.pid()
    if (running !== undefined) signalServer(running)
  }
  process.once('exit', atExit)
  let stopping: Promise<void> | undefined
  const end = async () => {
    process.off('exit', atExit)
    await kept.stop()
    const running = kept.pid()
    if (running !== undefined) await stopServer(running)
    lock.release()
  }
  return {
    url,
    adopted,
    lost: kept.lost.then(
      (error) => new OperatorError(`The embedded Postgres ended and did not come back. ${explain(error).message}`),
    ),
    stop() {
      stopping ??= end()
      return stopping
    },
  }
}

function at(cluster: Cluster, port: number): Pick<Running, 'url' | 'port' | 'folder'> {
  return { url: urlOf(cluster, port), port, folder: cluster.folder }
}

function urlOf({ password }: Cluster, port: number, database = DATABASE): string {
  return `postgres://${SUPERUSER}:${password}@127.0.0.1:${port}/${database}`
}

/** Errors that another attempt cannot change. */
function isHopeless(error: unknown, said: readonly string[]): boolean {
  if (error instanceof OperatorError) return true
  if (errorCode(error) === 'EACCES' || errorCode(error) === 'ENOENT') return true
  return /No space left|Permission denied|incompatible|wrong ownership|invalid permissions/.test(said.join('\n'))
}

function strangePassword({ folder }: Cluster): OperatorError {
  return new OperatorError(
    `The password in ${folder}-password is not that of the database in ${folder}. Restore the file, or move both away to start with an empty database.`,
  )
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}
