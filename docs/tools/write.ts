import { writeFile } from 'node:fs/promises'
import { pages } from './pages.ts'

/** Writes the pages that are made from the code anew. Run it after every change of a tool. */
for (const [path, text] of pages()) await writeFile(path, text)
