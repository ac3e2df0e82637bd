import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { pages } from './pages.ts'

/** Writes the pages and lists that are made from the code anew. Run it after every change of a tool. */
for (const [path, text] of pages()) {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, text)
}
