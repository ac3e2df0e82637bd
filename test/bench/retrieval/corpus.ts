import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { IndexedPage } from '../../../src/knowledge/index/knowledge-index.ts'
import { readPage } from '../../../src/knowledge/retrieval/page.ts'
import { type Symptoms, symptomsOf } from '../../../src/knowledge/retrieval/symptoms.ts'

/** A query with the pages that are right for it; none for one that nothing fits. */
export interface Question {
  readonly set: 'named' | 'unnamed' | 'none'
  readonly symptoms: Symptoms
  readonly gold: readonly string[]
}

/** The pages of a folder; in file names `__` stands for a folder that was flattened away. */
export function readCorpus(folder: string): IndexedPage[] {
  const root = existsSync(join(folder, 'corpus')) ? join(folder, 'corpus') : folder
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.md'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((path) => {
      const id = relative(root, path).slice(0, -'.md'.length).replaceAll('__', '/')
      const page = readPage(readFileSync(path, 'utf8'), id.split('/').at(-1) ?? id)
      return { ...page, id, source: 'corpus', hash: id, facts: {}, vectors: [] }
    })
}

interface Line {
  set?: string
  gold?: string[]
  alert: { labels: Record<string, string>; annotations: Record<string, string> }
}

export function readQuestions(file: string): Question[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const { set, gold = [], alert } = JSON.parse(line) as Line
      return { set: set === 'none' || set === 'unnamed' ? set : 'named', symptoms: symptomsOf(alert), gold }
    })
}

/** The same without the alert's name; its summary stays. */
export function nameless({ alertname: _, ...symptoms }: Symptoms): Symptoms {
  return symptoms
}

/** Every second pair of a list, from the first (1) or from the third (2): queries come in pairs of one alert. */
export function halfOf<T>(list: readonly T[], half: 1 | 2): T[] {
  return list.filter((_, at) => at % 4 < 2 === (half === 1))
}
