import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readPostmaster } from '../../src/storage/embedded/postmaster.ts'
import { startEmbedded } from '../../src/storage/embedded-postgres.ts'
import { connect, errorCode } from '../../src/storage/postgres.ts'

let dataDir: string
const children: ChildProcess[] = []

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'embedded-'))
  await chmod(dataDir, 0o711)
})
afterEach(async () => {
  for (const child of children.splice(0)) await killed(child)
  const left = await readPostmaster(join(dataDir, 'postgres'))
  if (left) await ended(left.pid, 'SIGQUIT')
  await rm(dataDir, { recursive: true, force: true })
})

type Answer = { url?: string; adopted?: boolean; error?: string }

/** Starts an agent of its own process on the folder and waits for its one line. */
async function agent(): Promise<{ child: ChildProcess; answer: Answer }> {
  const program = fileURLToPath(new URL('embedded-child.ts', import.meta.url))
  const child = spawn(process.execPath, [program, dataDir], { stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  const [line] = await once(child.stdout, 'data')
  return { child, answer: JSON.parse(String(line)) as Answer }
}

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGKILL')
  await once(child, 'exit')
}

async function ended(pid: number, signal: NodeJS.Signals): Promise<void> {
  try {
    process.kill(pid, signal)
    for (let tries = 0; tries < 500 && (await isRunning(pid)); tries++) await wait(20)
  } catch {
    // It was gone already.
  }
}

async function isRunning(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  return status !== '' && !/\) Z/.test(status)
}

async function serverPid(): Promise<number> {
  const server = await readPostmaster(join(dataDir, 'postgres'))
  if (!server) throw new Error('There is no server in the folder.')
  return server.pid
}

async function query(url: string, statement: string) {
  const sql = connect(url, { max: 1 })
  try {
    return await sql.unsafe(statement)
  } finally {
    await sql.end()
  }
}

/** What it keeps; the code of the error while nobody answers. */
function answerOf(url: string): Promise<unknown> {
  return query(url, 'select n from kept').catch(errorCode)
}

test('a database is made, keeps what it is told, and stops without a trace', async () => {
  const first = await startEmbedded({ dataDir })
  const pid = await serverPid()
  await query(first.url, 'create table kept as select 42 as n')
  await first.stop()
  await first.stop()
  expect(await isRunning(pid)).toBe(false)
  const second = await startEmbedded({ dataDir })
  expect(second.adopted).toBe(false)
  expect(await query(second.url, 'select n from kept')).toEqual([{ n: 42 }])
  await second.stop()
})

test('the password is for this user alone, and nobody gets in without it', async () => {
  const server = await startEmbedded({ dataDir })
  expect((await stat(join(dataDir, 'postgres-password'))).mode & 0o777).toBe(0o600)
  const wrong = Object.assign(new URL(server.url), { password: 'postgres' })
  await expect(query(wrong.href, 'select 1')).rejects.toThrow(/password authentication failed/)
  expect(await query(server.url, 'show listen_addresses')).toEqual([{ listen_addresses: '127.0.0.1' }])
  await server.stop()
})

test('a server left behind by a killed agent is adopted, with everything committed', async () => {
  const { child, answer } = await agent()
  await query(answer.url ?? '', 'create table kept as select 7 as n')
  const pid = await serverPid()
  await killed(child)
  expect(await isRunning(pid)).toBe(true)

  const next = await startEmbedded({ dataDir })
  expect(next.adopted).toBe(true)
  expect(next.url).toBe(answer.url)
  expect(await query(next.url, 'select n from kept')).toEqual([{ n: 7 }])
  await next.stop()
  expect(await isRunning(pid)).toBe(false)
})

test('a server that is killed is started again on its port, adopted or not, with everything committed', async () => {
  const { child, answer } = await agent()
  const url = answer.url ?? ''
  await query(url, 'create table kept as select 7 as n')
  const first = await serverPid()
  process.kill(first, 'SIGKILL')
  await expect.poll(() => answerOf(url), { timeout: 50_000 }).toEqual([{ n: 7 }])
  const second = await serverPid()
  expect(second).not.toBe(first)

  await killed(child)
  const trouble: string[] = []
  const next = await startEmbedded({ dataDir, onTrouble: (sentence) => trouble.push(sentence) })
  expect(next.adopted).toBe(true)
  process.kill(second, 'SIGKILL')
  await expect.poll(() => trouble.at(-1), { timeout: 50_000 }).toBe('The embedded Postgres is back.')
  expect(await answerOf(url)).toEqual([{ n: 7 }])
  const third = await serverPid()
  await next.stop()
  expect(await isRunning(third)).toBe(false)
})

test('an adopted server can be lost and adopted again', async () => {
  const first = await agent()
  await killed(first.child)
  const second = await agent()
  expect(second.answer.adopted).toBe(true)
  await killed(second.child)
  const third = await startEmbedded({ dataDir })
  expect(third.adopted).toBe(true)
  await third.stop()
})

test('when agent and server are both killed, the next start recovers', async () => {
  const { child, answer } = await agent()
  await query(answer.url ?? '', 'create table kept as select 7 as n')
  const pid = await serverPid()
  await Promise.all([killed(child), ended(pid, 'SIGKILL')])
  const next = await startEmbedded({ dataDir })
  expect(next.adopted).toBe(false)
  expect(await query(next.url, 'select n from kept')).toEqual([{ n: 7 }])
  await next.stop()
})

test('a server left behind that hangs is ended, and its database goes on', async () => {
  const { child, answer } = await agent()
  await query(answer.url ?? '', 'create table kept as select 7 as n')
  const pid = await serverPid()
  await killed(child)
  process.kill(pid, 'SIGSTOP')
  const next = await startEmbedded({ dataDir })
  expect(next.adopted).toBe(false)
  expect(await isRunning(pid)).toBe(false)
  expect(await query(next.url, 'select n from kept')).toEqual([{ n: 7 }])
  await next.stop()
})

test('a password that is not that of the database is told, and nothing is left running', async () => {
  const { child } = await agent()
  const pid = await serverPid()
  await killed(child)
  await writeFile(join(dataDir, 'postgres-password'), 'not the one it knows\n')
  await expect(startEmbedded({ dataDir })).rejects.toThrow(/postgres-password is not that of the database/)
  expect(await isRunning(pid)).toBe(false)
  expect(await readPostmaster(join(dataDir, 'postgres'))).toBeUndefined()
})

test('a stale pid file that names some other living process does no harm, to either', async () => {
  const server = await startEmbedded({ dataDir })
  await server.stop()
  const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
  children.push(other)
  await writeFile(
    join(dataDir, 'postgres', 'postmaster.pid'),
    `${other.pid}\n${dataDir}/postgres\n1\n5432\n\n127.0.0.1\n1 1\nready\n`,
  )
  const next = await startEmbedded({ dataDir })
  expect(next.adopted).toBe(false)
  expect(other.exitCode).toBeNull()
  expect(other.signalCode).toBeNull()
  await next.stop()
})

test('a second agent on the same folder gets a sentence, and the first goes on', async () => {
  const server = await startEmbedded({ dataDir })
  const { answer } = await agent()
  expect(answer.error).toMatch(/Another Watchkeeper is running with the data folder .* DATA_DIR .* DATABASE_URL/)
  expect(await query(server.url, 'select 1 as n')).toEqual([{ n: 1 }])
  await server.stop()
})

test('two agents that start together on a new folder: one gets it', async () => {
  const answers = (await Promise.all([agent(), agent()])).map(({ answer }) => answer)
  expect(answers.filter(({ url }) => url)).toHaveLength(1)
  expect(answers.filter(({ error }) => error?.includes('Another Watchkeeper'))).toHaveLength(1)
})

test('a start that was cut off while the database was being made is made again', async () => {
  await mkdir(join(dataDir, 'postgres.new'))
  await writeFile(join(dataDir, 'postgres.new', 'PG_VERSION'), '18\n')
  const server = await startEmbedded({ dataDir })
  expect(await query(server.url, 'select 1 as n')).toEqual([{ n: 1 }])
  await server.stop()
})

test('a file in the place of the folder, a lost password and another version are told apart', async () => {
  await writeFile(join(dataDir, 'file'), '')
  await expect(startEmbedded({ dataDir: join(dataDir, 'file') })).rejects.toThrow(/cannot be a folder/)

  const server = await startEmbedded({ dataDir })
  await server.stop()
  await writeFile(join(dataDir, 'postgres', 'PG_VERSION'), '9.6\n')
  await expect(startEmbedded({ dataDir })).rejects.toThrow(/another major version/)

  await rm(join(dataDir, 'postgres-password'))
  await expect(startEmbedded({ dataDir })).rejects.toThrow(/password file .* is gone/)
})

test.runIf(process.getuid?.() !== 0)('a folder that cannot be written is named', async () => {
  await chmod(dataDir, 0o500)
  await expect(startEmbedded({ dataDir })).rejects.toThrow(/cannot be used by this user/)
  await chmod(dataDir, 0o700)
})

test.runIf(process.getuid?.() === 0)('for root, a folder that the system user cannot reach is named', async () => {
  await chmod(dataDir, 0o700)
  await expect(startEmbedded({ dataDir })).rejects.toThrow(/system user postgres/)
})
