import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readPostmaster } from '../../src/storage/embedded/postmaster.ts'

const launcher = fileURLToPath(new URL('../../bin/watchkeeper.mjs', import.meta.url))
let folder: string
const children: ChildProcess[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'watchkeeper-serve-'))
  await chmod(folder, 0o711)
})
afterEach(async () => {
  for (const child of children.splice(0))
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM')
      await once(child, 'close')
    }
  await rm(folder, { recursive: true, force: true })
})

/** An agent with the embedded database and nothing else, and all that it has said so far. */
function serve(env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [launcher, 'serve'], {
    env: { PATH: process.env.PATH ?? '', PORT: '0', LOG_LEVEL: 'warn', ...env },
    cwd: folder,
  })
  children.push(child)
  const said = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said.stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said.stderr += text
  })
  return {
    said,
    ended: once(child, 'close'),
    ready: () => expect.poll(() => said.stdout, { timeout: 50_000 }).toContain('Webhooks go to'),
  }
}

test('an agent whose embedded database is gone for good ends with a sentence', async () => {
  const { said, ended, ready } = serve()
  await ready()
  const cluster = join(folder, 'data', 'postgres', 'postgres')
  await writeFile(join(cluster, 'PG_VERSION'), '9.6\n')
  process.kill((await readPostmaster(cluster))?.pid ?? 0, 'SIGKILL')
  expect(await ended).toEqual([1, null])
  expect(said.stderr).toMatch(
    /^The embedded Postgres ended and did not come back\. The database in .* was made by another major version/,
  )
  expect(said.stderr).not.toContain('    at ')
  expect(said.stdout).toContain('"The embedded Postgres ended without having been asked to. It is started again."')
})

test('while nobody is listed the start prints a link, which signs in the local admin', async () => {
  const { said, ready } = serve()
  await ready()
  const [link = ''] = /http:\S+\/login\?token=\S+/.exec(said.stdout) ?? []
  expect(await signedInBy(link)).toContain('local-admin')
})

test('with PEOPLE no link is printed; a shell makes one beside the running agent, for the person it names', async () => {
  const people = { PEOPLE: 'alice:1001:admin,bob:1002:operator' }
  const { said, ready } = serve(people)
  await ready()
  expect(said.stdout).not.toContain('token=')
  expect(said.stdout).toContain('To sign in to the console, in a shell: npm run watchkeeper -- login NAME')
  const port = /on watch at http:\/\/127\.0\.0\.1:(\d+)/.exec(said.stdout)?.[1] ?? ''
  const made = await run(['login', 'bob'], { ...people, PORT: port })
  expect(made).toMatchObject({ code: 0, stderr: '' })
  const [link = ''] = /http:\S+/.exec(made.stdout) ?? []
  const page = await signedInBy(link)
  expect(page).toContain('bob')
  expect(page).not.toContain('alice')
  expect(await run(['login', 'carol'], { ...people, PORT: port })).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('carol is not on the list of people.'),
  })
  expect(await run(['freeze'], people)).toMatchObject({ code: 0 })
})

/** The first page that a browser sees which follows the link. */
async function signedInBy(link: string): Promise<string> {
  const redeemed = await fetch(link, { redirect: 'manual' })
  const cookie = redeemed.headers.get('set-cookie')?.split(';')[0] ?? ''
  return await (await fetch(new URL('/', link), { headers: { cookie } })).text()
}

function run(args: string[], env: Record<string, string>) {
  return new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    const own = { PATH: process.env.PATH ?? '', ...env }
    execFile(process.execPath, [launcher, ...args], { env: own, cwd: folder }, (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
    )
  })
}
