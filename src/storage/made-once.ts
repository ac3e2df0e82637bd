import { randomBytes } from 'node:crypto'
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { makeFolder } from './make-folder.ts'

/**
 * What the file holds, made where there is none or an empty one, and readable by its owner alone. It is written beside its place
 * and put there whole, so that a kill or a full disk leaves no half of it; of two processes the first wins, for both.
 */
export async function madeOnce(path: string, make: () => string): Promise<string> {
  const known = await contentOf(path)
  if (known.trim() !== '') return known
  await makeFolder(dirname(path))
  const aside = `${path}.${randomBytes(4).toString('hex')}.new`
  try {
    await writeFile(aside, make(), { mode: 0o600, flush: true })
    await link(aside, path).catch(async () => {
      // Somebody was first, unless what is there is empty, or this file system knows no links.
      if ((await contentOf(path)).trim() === '') await rename(aside, path)
    })
    return await contentOf(path)
  } finally {
    await rm(aside, { force: true })
  }
}

/** Empty where there is no such file. */
async function contentOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return ''
    throw error
  }
}
