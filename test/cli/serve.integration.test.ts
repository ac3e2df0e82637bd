import { type ChildProcess, spawn } from 'node:child_process'
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
