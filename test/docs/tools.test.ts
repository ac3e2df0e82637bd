import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { pages, published } from '../../docs/tools/pages.ts'
import { ownLists } from '../tools/own-lists.ts'
import { read } from './files.ts'

test.each([...pages()])('%s is what the code says', async (path, text) => {
  expect(await readFile(path, 'utf8'), 'run: npm run docs').toBe(text)
})

test('every server of ours has a page, and the overview leads to it', async () => {
  const servers = ownLists().map(({ server }) => server)
  expect(Object.keys(published)).toEqual(servers)
  const overview = await read('docs/tools/README.md')
  for (const server of servers) expect(overview).toContain(`(${server}.md)`)
})
