import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { withDatabase } from '../../src/cli/with-database.ts'
import { readConfig } from '../../src/config.ts'
import { isServerOf, readPostmaster, stopServer } from '../../src/storage/embedded/postmaster.ts'
import type { Sql } from '../../src/storage/postgres.ts'

let folder: string
const children: ChildProcess[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'watchkeeper-command-'))
  await chmod(folder, 0o711)
})
afterEach(async () => {
  for (const child of children.splice(0)) await killed(child)
  const left = await readPostmaster(cluster())
  if (left && (await isServerOf(cluster(), left.pid))) await stopServer(left.pid)
  await rm(folder, { recursive: true, force: true })
})

const cluster = () => join(folder, 'postgres', 'postgres')
const config = () => readConfig({ DATA_DIR: folder })
const one = (sql: Sql) => sql`select 1 as n`

/** An agent reduced to its database, or a command that is at work for as long as it lives. */
async function holder(...flags: string[]): Promise<ChildProcess> {
  const program = fileURLToPath(new URL('../storage/embedded-child.ts', import.meta.url))
  const child = spawn(process.execPath, [program, join(folder, 'postgres'), ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.push(child)
  const [line] = await once(child.stdout, 'data')
  expect(JSON.parse(String(line))).toHaveProperty('url')
  return child
}

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGKILL')
  await once(child, 'exit')
}

async function serverPid(): Promise<number> {
  const { pid } = (await readPostmaster(cluster())) ?? {}
  if (pid === undefined) throw new Error('There is no server in the folder.')
  return pid
}

/** The server of an agent that cannot bring it back yet. */
async function away(agent: ChildProcess): Promise<void> {
  const pid = await serverPid()
  agent.kill('SIGSTOP')
  process.kill(pid, 'SIGKILL')
  await expect.poll(() => isServerOf(cluster(), pid), { timeout: 10_000 }).toBe(false)
}

test('a command that comes while the agent brings its database back waits for it, says so once, and leaves it running', async () => {
  const agent = await holder()
  await away(agent)
  const said: string[] = []
  const say = (sentence: string) => {
    said.push(sentence)
    agent.kill('SIGCONT')
  }
  expect(await withDatabase(config(), one, { say })).toEqual([{ n: 1 }])
  expect(said).toEqual(['The database of the agent does not answer yet. This command waits for it.'])
  expect(await isServerOf(cluster(), await serverPid())).toBe(true)
})

test('an agent whose database does not come back is named with what to do, and stopping it is not the first', async () => {
  await away(await holder())
  await expect(withDatabase(config(), one, { patienceMs: 0, say() {} })).rejects.toThrow(
    /^The agent that has the database in .* does not let it be used\. Look at what the agent says, and run this again/,
  )
})

test('of two commands without an agent the second waits for the first, which ends its database with it', async () => {
  const order: string[] = []
  const atWork = Promise.withResolvers<void>()
  const release = Promise.withResolvers<void>()
  const first = withDatabase(config(), async (sql) => {
    atWork.resolve()
    await release.promise
    await sql`select 1`
    order.push('first')
  })
  await Promise.race([atWork.promise, first])
  await expect(withDatabase(config(), one, { patienceMs: 0, say() {} })).rejects.toThrow(
    /^Another command is still at work with the database in .*\. Run this again when it has ended\.$/,
  )
  const said: string[] = []
  const say = (sentence: string) => {
    said.push(sentence)
    release.resolve()
  }
  await withDatabase(
    config(),
    async (sql) => {
      await first
      await sql`select 1`
      order.push('second')
    },
    { say },
  )
  expect(order).toEqual(['first', 'second'])
  expect(said).toEqual(['Another command is at work with the embedded database. This one waits for it to end.'])
})

test('a command that was killed stands in nobody’s way: the next takes its server over, and an agent shares it again', async () => {
  await killed(await holder('alone'))
  expect(await withDatabase(config(), one)).toEqual([{ n: 1 }])
  await killed(await holder('alone'))
  await holder()
  const said: string[] = []
  expect(await withDatabase(config(), one, { say: (sentence) => void said.push(sentence) })).toEqual([{ n: 1 }])
  expect(said).toEqual([])
})
