import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** One place in the source and what stands there instead in the test build. */
export interface Edit {
  /** From the root of the repository. */
  file: string
  find: string
  put: string
}

/** One guard: what it guards against, and how it is taken out. */
export interface Guard {
  against: 'lost' | 'doubled' | 'unapproved' | 'mismatched' | 'untold' | 'chain' | 'unresolved'
  edits: readonly Edit[]
}

/** The tool server is a process of its own: a test build of it is made the same way. */
const SERVER_TOO: readonly Edit[] = []

export const guards: Readonly<Record<string, Guard>> = {
  wire: {
    against: 'lost',
    edits: [
      {
        file: 'src/app.ts',
        find: '  const routes: Hono[] = [hooks]\n',
        put: `  const { startTelegram } = await import('./chat/telegram-bot.ts')
  const tg = startTelegram({ config: config as never, sql, queue, desk: desk as never, announcer, people: () => people, titleOf: (id: string) => shelf.byId.get(id)?.title ?? null, consoleLink: async () => undefined, log: log as never, observe })
  closers.push(() => tg.stop())
  const routes: Hono[] = [hooks, ...(tg.webhook ? [tg.webhook] : [])]
`,
      },
    ],
  },
}

/** The source with one edit made. Throws unless its snippet is there exactly once. */
export function patched(source: string, { file, find, put }: Edit, guard: string): string {
  const parts = source.split(find)
  if (parts.length !== 2)
    throw new Error(
      `The guard "${guard}" cannot be switched off: its snippet is ${parts.length - 1} times in ${file}: ${find}`,
    )
  return parts.join(put)
}

/** Says at once which guards can no longer be switched off. */
export function checkGuards(names: readonly string[]): void {
  for (const name of names)
    for (const edit of guards[name]?.edits ?? [])
      patched(readFileSync(fileURLToPath(new URL(`../../${edit.file}`, import.meta.url)), 'utf8'), edit, name)
}
