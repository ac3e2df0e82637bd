import { existsSync, readFileSync } from 'node:fs'

/** What configuration asks of the file system. */
export type Files = {
  /** The text of a file, or undefined when it cannot be read. */
  read(path: string): string | undefined
  exists(path: string): boolean
}

export const realFiles: Files = {
  read(path) {
    try {
      return readFileSync(path, 'utf8')
    } catch {
      return undefined
    }
  },
  exists: existsSync,
}
