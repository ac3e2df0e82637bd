import { closeSync, openSync, readSync } from 'node:fs'

/** Reads what has been appended to a file of JSON lines since the last time; a line that is not whole yet waits. */
export function tail<T>(path: string): { read(): T[]; close(): void } {
  const file = openSync(path, 'r')
  const chunk = Buffer.alloc(1 << 20)
  let rest = ''
  return {
    read() {
      for (let size = readSync(file, chunk); size > 0; size = readSync(file, chunk))
        rest += chunk.toString('utf8', 0, size)
      const end = rest.lastIndexOf('\n')
      if (end < 0) return []
      const whole = rest.slice(0, end)
      rest = rest.slice(end + 1)
      return whole.split('\n').map((line) => JSON.parse(line) as T)
    },
    close: () => closeSync(file),
  }
}
