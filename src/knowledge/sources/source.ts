import { type Json, sha256 } from '../../domain/json.ts'
import type { Collection, Page } from '../index/knowledge-index.ts'

/** Somewhere pages come from. What it no longer brings is removed from the index. */
export interface Source {
  /** The same from one run to the next, such as `folder:docs`. */
  readonly name: string
  readonly collection: Collection
  /** Every page it has now. Throws OperatorError when it cannot be read: then nothing of it is removed. */
  pages(signal?: AbortSignal): Promise<Page[]>
}

/** The hash of a page: of all in it that is stored. The leading number is raised when pages are cut differently. */
export function withHash(page: Omit<Page, 'hash'>): Page {
  const { id, source, title, file, headings, prose, chunks, facts } = page
  const all: Json[] = [1, id, source, title, file, [...headings], prose, chunks.map((chunk) => ({ ...chunk })), facts]
  return { ...page, hash: sha256(JSON.stringify(all)) }
}
