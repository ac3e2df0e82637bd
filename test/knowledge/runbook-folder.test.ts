import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { loadRunbookFolder } from '../../src/knowledge/runbook-folder.ts'
import { SAMPLE, spoil } from './sample.ts'

async function folderOf(files: Record<string, string>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'runbooks-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await mkdir(join(folder, 'below'))
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
  return folder
}

test('a broken file hides no other', async () => {
  const folder = await folderOf({
    'sample.md': SAMPLE,
    'broken.md': 'no front matter',
    'README.md': '# About',
    'notes.txt': 'x',
    'below/another.md': spoil('id: sample', 'id: another'),
  })
  const { runbooks, problems } = await loadRunbookFolder(folder)
  expect(runbooks.map(({ id }) => id)).toEqual(['another', 'sample'])
  expect(problems.map(({ path, line }) => [path.endsWith('broken.md'), line])).toEqual([[true, 1]])
})

test('two files with one id are both set aside, and each is told of the other', async () => {
  const folder = await folderOf({ 'a.md': SAMPLE, 'b.md': SAMPLE, 'c.md': spoil('id: sample', 'id: third') })
  const { runbooks, problems } = await loadRunbookFolder(folder)
  expect(runbooks.map(({ id }) => id)).toEqual(['third'])
  expect(problems.map(({ line, message }) => [line, /also used in .*(a|b)\.md/.test(message)])).toEqual([
    [2, true],
    [2, true],
  ])
})

test('one file may be named instead of its folder, whatever it is called', async () => {
  const folder = await folderOf({ 'sample.md': SAMPLE, 'README.md': 'no front matter' })
  const { runbooks, problems } = await loadRunbookFolder(join(folder, 'sample.md'))
  expect([runbooks.map(({ id }) => id), problems]).toEqual([['sample'], []])
  const broken = await loadRunbookFolder(join(folder, 'README.md'))
  expect(broken.problems.map(({ path, line }) => [path.endsWith('README.md'), line])).toEqual([[true, 1]])
  const none = await loadRunbookFolder(join(folder, 'none.md'))
  expect(none.problems).toMatchObject([{ message: 'This cannot be read (ENOENT).' }])
})

test('a folder that is not there is a problem, not an exception', async () => {
  const { runbooks, problems } = await loadRunbookFolder('/nowhere/runbooks')
  expect(runbooks).toEqual([])
  expect(problems).toEqual([
    expect.objectContaining({ path: '/nowhere/runbooks', message: 'This cannot be read (ENOENT).' }),
  ])
})
