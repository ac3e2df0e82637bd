import { readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'

export const ROOT = join(import.meta.dirname, '../..')

const LEFT_OUT = new Set(['node_modules', '.git', 'data', 'dist', 'coverage'])

/** Every file below a folder of the project whose name ends so, as paths from its root. */
export async function filesIn(folder: string, ending: string): Promise<string[]> {
  const found: string[] = []
  for (const entry of await readdir(join(ROOT, folder), { withFileTypes: true })) {
    if (LEFT_OUT.has(entry.name)) continue
    const path = join(folder, entry.name)
    if (entry.isDirectory()) found.push(...(await filesIn(path, ending)))
    else if (entry.name.endsWith(ending)) found.push(path)
  }
  return found.sort()
}

export async function read(path: string): Promise<string> {
  return await readFile(join(ROOT, path), 'utf8')
}

export function fromRoot(path: string): string {
  return relative(ROOT, path)
}
