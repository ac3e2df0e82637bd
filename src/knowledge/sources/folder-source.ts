import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, join, relative, resolve, sep } from 'node:path'
import { OperatorError } from '../../domain/errors.ts'
import type { Page } from '../index/knowledge-index.ts'
import { readPage } from '../retrieval/page.ts'
import { type Source, withHash } from './source.ts'

/** A page longer than this is a dump, not something people wrote: 1 MB. */
const MAX_BYTES = 1_000_000
const SKIPPED = new Set(['node_modules', 'vendor'])

/**
 * The Markdown below a folder: a folder of notes, or a Git checkout, of which the commit is kept with each page. Hidden folders
 * and links are not followed, so that nothing outside it is read. A README is named after its folder.
 */
export function folderSource(folder: string): Source {
  const root = resolve(folder)
  const name = `folder:${basename(root)}`
  return {
    name,
    collection: 'documentation',
    async pages(signal) {
      const commit = await commitOf(root)
      const pages: Page[] = []
      for (const path of await markdownIn(root, folder)) {
        signal?.throwIfAborted()
        const found = await stat(path).catch(() => undefined)
        if (!found || found.size > MAX_BYTES) continue
        // NUL cannot be stored, and no page needs it.
        const text = (await readFile(path, 'utf8').catch(() => '')).replaceAll('\0', '')
        const within = relative(root, path).split(sep).join('/')
        const page = readPage(text, fileName(within, basename(root)))
        const read = withHash({ ...page, id: `${basename(root)}/${within}`, source: name, facts: { path: within } })
        // Not part of the hash: a commit that leaves a page as it was gives no reason to read it again.
        pages.push(commit === undefined ? read : { ...read, facts: { ...read.facts, commit } })
      }
      return pages
    },
  }
}

async function markdownIn(folder: string, named: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    throw new OperatorError(`The folder ${named} cannot be read. Correct KNOWLEDGE_DIRS, or let this user read it.`, {
      cause: error,
    })
  })
  const found: string[] = []
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.name.startsWith('.') || SKIPPED.has(entry.name)) continue
    const path = join(folder, entry.name)
    if (entry.isDirectory()) found.push(...(await markdownIn(path, named)))
    else if (entry.isFile() && /\.(md|markdown)$/i.test(entry.name)) found.push(path)
  }
  return found
}

function fileName(path: string, root: string): string {
  const parts = path.replace(/\.(md|markdown)$/i, '').split('/')
  const last = parts.at(-1) ?? path
  return /^(readme|index)$/i.test(last) ? (parts.at(-2) ?? root) : last
}

/** The commit a checkout is at; undefined for a plain folder, and where its files say something else than a commit. */
async function commitOf(root: string): Promise<string | undefined> {
  const read = async (path: string) => (await readFile(join(root, '.git', path), 'utf8').catch(() => '')).trim()
  const head = await read('HEAD')
  const ref = /^ref: (refs\/[\w./-]+)$/.exec(head)?.[1]
  if (ref === undefined) return commitIn(head)
  // A checkout of somebody else's may name any file as its branch.
  if (ref.split('/').includes('..')) return undefined
  const loose = await read(ref)
  if (loose !== '') return commitIn(loose)
  const packed = (await read('packed-refs')).split('\n').find((line) => line.endsWith(` ${ref}`))
  return commitIn(packed?.split(' ')[0] ?? '')
}

function commitIn(text: string): string | undefined {
  return /^[0-9a-f]{40,64}$/.exec(text)?.[0]
}
