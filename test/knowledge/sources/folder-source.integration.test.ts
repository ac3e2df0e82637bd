import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { folderSource } from '../../../src/knowledge/sources/folder-source.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'watchkeeper-folder-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function write(path: string, text: string): Promise<void> {
  await mkdir(join(folder, path, '..'), { recursive: true })
  await writeFile(join(folder, path), text)
}

test('every Markdown file below is a page; hidden folders, links and dumps are not', async () => {
  await write('disk.md', '# Disk\n\nfull')
  await write('apps/shop/README.md', '# Shop')
  await write('.git/notes.md', '# Hidden')
  await write('node_modules/x/y.md', '# Theirs')
  await write('huge.md', 'x'.repeat(1_000_001))
  await write('script.sh', 'echo')
  await symlink('/etc', join(folder, 'outside'))
  const pages = await folderSource(folder).pages()
  const name = basename(folder)
  expect(pages.map(({ id, file, title }) => [id, file, title])).toEqual([
    [`${name}/apps/shop/README.md`, 'shop', 'Shop'],
    [`${name}/disk.md`, 'disk', 'Disk'],
  ])
  expect(pages[1]).toMatchObject({ source: `folder:${name}`, facts: { path: 'disk.md' } })
})

test('a checkout’s pages carry its commit, which alone changes no hash', async () => {
  const commit = (letter: string) => letter.repeat(40)
  await write('a.md', '# A')
  await write('.git/HEAD', 'ref: refs/heads/main\n')
  await write('.git/refs/heads/main', `${commit('a')}\n`)
  const [before] = await folderSource(folder).pages()
  expect(before?.facts).toEqual({ path: 'a.md', commit: commit('a') })
  await write('.git/refs/heads/main', `${commit('b')}\n`)
  const [after] = await folderSource(folder).pages()
  expect(after?.facts.commit).toBe(commit('b'))
  expect(after?.hash).toBe(before?.hash)
  await write('a.md', '# A\n\nmore')
  expect((await folderSource(folder).pages())[0]?.hash).not.toBe(before?.hash)
})

test('NUL characters do not get into the database', async () => {
  await write('a.md', '# A\0B')
  expect((await folderSource(folder).pages())[0]?.title).toBe('AB')
})

test('a folder that is not there is said', async () => {
  await expect(folderSource(join(folder, 'nowhere')).pages()).rejects.toThrow('Correct KNOWLEDGE_DIRS')
})
