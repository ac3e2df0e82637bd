import type { Runbook } from '../../domain/runbook.ts'
import type { Page } from '../index/knowledge-index.ts'
import { readPage } from '../retrieval/page.ts'
import { type Source, withHash } from './source.ts'

/** The runbooks in use as pages: what people read of them, and the names of the alerts they are for. */
export function runbookSource(runbooks: () => Iterable<Runbook>): Source {
  return { name: 'runbooks', collection: 'runbooks', pages: () => Promise.resolve([...runbooks()].map(toPage)) }
}

function toPage({ id, title, version, match, prose }: Runbook): Page {
  const page = readPage(prose, id)
  return withHash({
    ...page,
    id,
    source: 'runbooks',
    title: [...new Set([title, ...page.title.split('\n')])].filter((line) => line !== id).join('\n') || title,
    headings: [...match.alertnames, ...page.headings],
    facts: { runbook: id, version },
  })
}
