import { mkdir, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'

/**
 * Makes a folder and those above it that are missing, one by one. Node's own recursive mkdir tries for ever where the folder
 * above exists and takes none, as below /proc; so it is for no path that people configure.
 */
export async function makeFolder(path: string, mode?: number): Promise<void> {
  await make(resolve(path), mode)
}

async function make(path: string, mode: number | undefined): Promise<void> {
  if (await isFolder(path)) return
  if (dirname(path) !== path) await make(dirname(path), mode)
  try {
    await mkdir(path, { mode })
  } catch (error) {
    // Another process may have been quicker.
    if (!(await isFolder(path))) throw error
  }
}

async function isFolder(path: string): Promise<boolean> {
  return await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )
}
