import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, expect, test } from 'vitest'
import { loadRunbookFolder } from '../../src/knowledge/runbook-folder.ts'
import { testDatabase } from '../support/postgres.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const OURS = (await loadRunbookFolder(join(root, 'runbooks'))).runbooks.length
const db = await testDatabase()
const folder = await mkdtemp(join(tmpdir(), 'watchkeeper-index-'))
afterAll(async () => {
  await db.close()
  await rm(folder, { recursive: true, force: true })
})

async function index(...flags: string[]): Promise<string> {
  const env = { PATH: process.env.PATH, DATABASE_URL: db.url, KNOWLEDGE_DIRS: folder }
  const { stdout } = await promisify(execFile)(process.execPath, ['bin/watchkeeper.mjs', 'index', ...flags], {
    cwd: root,
    env,
  })
  return stdout
}

test('index reads what is new, once; --status says what is there; --rebuild makes it again', async () => {
  await writeFile(join(folder, 'disk.md'), '# Disk\n\nIt is full.')
  expect(await index()).toContain(
    `runbooks: ${OURS} pages, ${OURS} written, 0 removed\nfolder:${basename(folder)}: 1 pages, 1 written`,
  )
  expect(await index()).toContain(`runbooks: ${OURS} pages, 0 written`)
  expect(await index('--status')).toMatch(
    new RegExp(`^runbooks +${OURS} pages +\\d+ chunks +0 vectors\\n.*\\ndocumentation +1 pages +1 chunks`),
  )
  await rm(join(folder, 'disk.md'))
  expect(await index()).toContain('0 pages, 0 written, 1 removed')
  expect(await index('--rebuild')).toContain(`runbooks: ${OURS} pages, ${OURS} written`)
})
