import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../support/postgres.ts'

const launcher = fileURLToPath(new URL('../../bin/watchkeeper.mjs', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'watchkeeper-cli-'))
let db: TestDatabase

beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db.close())

interface Ended {
  code: number | null
  stdout: string
  stderr: string
}

/** Runs the command line in a process of its own, with nothing in its environment but this. */
function run(args: string[], env: Record<string, string> = {}, cwd = folder): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [launcher, ...args], {
      env: { PATH: process.env.PATH ?? '', ...env },
      cwd,
    })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (chunk) => {
      stdout += chunk
    })
    child.stderr.on('data', (chunk) => {
      stderr += chunk
    })
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, stdout, stderr }))
  })
}

test('a bad configuration is told whole, each fault with what to set, and no value is shown', async () => {
  const { code, stderr } = await run(['serve'], {
    PORT: 'eighty',
    PEOPLE: 'alice:not-a-number:boss',
    DATABASE_URL: 'mysql://root:hunter2@db',
    TELEGRAM_BOT_TOKEN: '1:abc',
  })
  expect(code).toBe(1)
  for (const name of ['PORT', 'PEOPLE', 'DATABASE_URL', 'TELEGRAM_CHAT_ID']) expect(stderr).toContain(`${name}: `)
  expect(stderr).not.toContain('hunter2')
  expect(stderr).not.toContain('    at ')
})

test('an .env that is a folder is told in a sentence that says what to do', async () => {
  const here = mkdtempSync(join(folder, 'env-'))
  mkdirSync(join(here, '.env'))
  const { code, stderr } = await run(['doctor'], {}, here)
  expect(code).toBe(1)
  expect(stderr).toMatch(
    /^The \.env in this folder cannot be read: it is no file, or not for this user\. Mend or remove it/,
  )
  expect(stderr.trim().split('\n')).toHaveLength(1)
})

test('a port in use is told in a sentence that says what to do', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => other.once('listening', resolve))
  const address = other.address()
  const port = typeof address === 'object' && address ? address.port : 0
  const { code, stderr } = await run(['serve'], {
    DATABASE_URL: db.url,
    DATA_DIR: join(folder, 'port'),
    PORT: String(port),
  })
  other.close()
  expect(code).toBe(1)
  expect(stderr.trim()).toBe(
    `Port ${port} on 127.0.0.1 is in use, perhaps by another Watchkeeper. Stop that, or set PORT to a free one.`,
  )
})

test('a data folder that cannot be written is told in a sentence that says what to do', async () => {
  const file = join(folder, 'a-file')
  writeFileSync(file, '')
  const { code, stderr } = await run(['serve'], { DATABASE_URL: db.url, DATA_DIR: join(file, 'data') })
  expect(code).toBe(1)
  expect(stderr).toMatch(
    /^The data folder .* cannot be written\. Give this user the right to write there, or set DATA_DIR/,
  )
})

// Node's own recursive mkdir never comes back from here.
test.runIf(existsSync('/proc/self'))('a data folder below one that takes none is told so too', async () => {
  const { code, stderr } = await run(['serve'], { DATABASE_URL: db.url, DATA_DIR: '/proc/watchkeeper/data' })
  expect(code).toBe(1)
  expect(stderr).toMatch(/^The data folder \/proc\/watchkeeper\/data cannot be written\./)
})

test.runIf(existsSync('/proc/self'))('so it is to a command that runs without an agent', async () => {
  const { code, stderr } = await run(['freeze'], { DATA_DIR: '/proc/watchkeeper/data' })
  expect(code).toBe(1)
  expect(stderr).toMatch(/^The data folder \/proc\/watchkeeper\/data\/postgres cannot be made there\. Set DATA_DIR/)
})

test('a database that is not there is told in a sentence that says what to do', async () => {
  const { code, stderr } = await run(['serve'], {
    DATABASE_URL: 'postgres://nobody:secret@127.0.0.1:9/none',
    DATA_DIR: join(folder, 'no-database'),
  })
  expect(code).toBe(1)
  expect(stderr).toMatch(/^The database in DATABASE_URL cannot be reached\. Check that it runs/)
  expect(stderr).not.toContain('secret')
})

test('a payload for an agent that is not there, and one that is no JSON, are sentences', async () => {
  const payload = join(folder, 'payload.json')
  writeFileSync(payload, '{}')
  const away = await run(['receive', payload, '--url', 'http://127.0.0.1:9', '--token', 'x'])
  expect(away).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('No Watchkeeper answers at http://127.0.0.1:9.'),
  })
  writeFileSync(payload, '{')
  const broken = await run(['receive', payload, '--url', 'http://127.0.0.1:9', '--token', 'x'])
  expect(broken).toMatchObject({ code: 1, stderr: expect.stringContaining('is not JSON') })
})

test('a runbook with an unknown tool is found by file and line, with the nearest name', async () => {
  const books = mkdtempSync(join(folder, 'books-'))
  writeFileSync(
    join(books, 'wrong.md'),
    `---
id: wrong
title: Something is wrong
match: { alertnames: [Wrong] }
ceiling: manual
checks:
  - id: look
    tool: kubernetes.rollout_state
    args: { namespace: shop, workload: deployment/cart }
---
Look.
`,
  )
  const { code, stdout } = await run(['runbook', 'lint', books])
  expect(code).toBe(1)
  expect(stdout).toMatch(
    /wrong\.md:8:\d+: error: There is no tool `kubernetes\.rollout_state`\. Did you mean `kubernetes\.rollout_status`\?/,
  )
})

test('the ledger is verified from the command line, also against a head that was published', async () => {
  const env = { DATABASE_URL: db.url, DATA_DIR: join(folder, 'audit') }
  expect(await run(['freeze'], env)).toMatchObject({ code: 0 })
  expect(await run(['thaw'], env)).toMatchObject({ code: 0, stdout: expect.stringContaining('it was FROZEN') })
  const { code, stdout } = await run(['audit', 'verify'], env)
  expect({ code, stdout }).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^The ledger holds: 2 entries, head 2:[0-9a-f]{64}\./),
  })
  const cutOff = await run(['audit', 'verify', '--head', `3:${'0'.repeat(64)}`], env)
  expect(cutOff).toMatchObject({ code: 1, stderr: expect.stringContaining('entry 3 was published') })
  expect(await run(['audit', 'verify', '--head', 'three'], env)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('--head wants'),
  })
})
