import { expect, test } from 'vitest'
import type { Page } from '../../src/knowledge/index/knowledge-index.ts'
import { ingest, rebuild } from '../../src/knowledge/ingest.ts'
import { readPage } from '../../src/knowledge/retrieval/page.ts'
import { type Source, withHash } from '../../src/knowledge/sources/source.ts'
import { fakeEmbedder, fakeIndex } from './doubles.ts'

function page(id: string, text: string, source = 'folder:a'): Page {
  return withHash({ ...readPage(text, id), id, source, facts: {} })
}

function source(pages: Page[], name = 'folder:a'): Source {
  return { name, collection: 'documentation', pages: async () => pages }
}

test('only what is new or has changed is written, and what is gone is removed', async () => {
  const { index, done } = fakeIndex()
  await ingest(index, source([page('a', 'one'), page('b', 'two')]))
  expect(done.splice(0)).toEqual(['put documentation a', 'put documentation b'])
  expect(await ingest(index, source([page('a', 'one'), page('c', 'three')]))).toMatchObject({
    pages: 2,
    written: 1,
    removed: 1,
  })
  expect(done.splice(0)).toEqual(['put documentation c', 'remove documentation b'])
  await ingest(index, source([page('a', 'one, changed'), page('c', 'three')]))
  expect(done).toEqual(['put documentation a'])
})

test('a source removes nothing that is another’s, and one that cannot be read removes nothing', async () => {
  const { index, done } = fakeIndex()
  await ingest(index, source([page('a', 'one')]))
  await ingest(index, source([page('b', 'two', 'folder:b')], 'folder:b'))
  const broken: Source = { ...source([]), pages: () => Promise.reject(new Error('gone')) }
  await expect(ingest(index, broken)).rejects.toThrow('gone')
  expect(done.filter((what) => what.startsWith('remove'))).toEqual([])
})

test('progress counts every page, those that were left alone included', async () => {
  const { index } = fakeIndex()
  const seen: string[] = []
  const pages = Array.from({ length: 20 }, (_, at) => page(`p${at}`, `text ${at}`))
  await ingest(index, source(pages.slice(0, 3)))
  await ingest(index, source(pages), { progress: (now, total) => seen.push(`${now}/${total}`) })
  expect(seen).toEqual(['3/20', '19/20', '20/20'])
})

test('with an embedder each chunk has a vector; a page is embedded again when the model is another', async () => {
  const { index, done } = fakeIndex()
  const { embedder, asked } = fakeEmbedder()
  await ingest(index, source([page('a', '# One\n\nfirst\n\n## Two\n\nsecond')]), { embedder })
  expect(asked).toEqual([{ texts: ['One\nfirst', 'One › Two\nsecond'], kind: 'document' }])
  await ingest(index, source([page('a', '# One\n\nfirst\n\n## Two\n\nsecond')]), { embedder })
  await ingest(index, source([page('a', '# One\n\nfirst\n\n## Two\n\nsecond')]))
  expect(asked).toHaveLength(1)
  await ingest(index, source([page('a', '# One\n\nfirst\n\n## Two\n\nsecond')]), {
    embedder: fakeEmbedder('other').embedder,
  })
  expect(done).toEqual(Array.from({ length: 2 }, () => 'put documentation a with vectors'))
})

test('while the model is away pages go in by their words, are not written over and over, and get vectors later', async () => {
  const { index, done } = fakeIndex()
  const { embedder, state } = fakeEmbedder()
  state.broken = true
  const pages = source([page('a', 'one')])
  expect((await ingest(index, pages, { embedder })).degraded).toBe('The model is away.')
  expect((await ingest(index, pages, { embedder })).written).toBe(0)
  state.broken = false
  expect((await ingest(index, pages, { embedder })).degraded).toBeUndefined()
  expect(done).toEqual(['put documentation a', 'put documentation a with vectors'])
})

test('a rebuild makes each collection once, of all its sources', async () => {
  const { index, done } = fakeIndex()
  const runbooks: Source = { ...source([page('r', 'run')]), name: 'runbooks', collection: 'runbooks' }
  await rebuild(index, [source([page('a', 'one')]), source([page('b', 'two')], 'folder:b'), runbooks])
  expect(done).toEqual(['rebuild documentation a b', 'rebuild runbooks r'])
})
