import { afterAll, beforeEach, expect, test } from 'vitest'
import {
  DIMENSIONS,
  type IndexedPage,
  type IndexQuery,
  type KnowledgeIndex,
} from '../../../src/knowledge/index/knowledge-index.ts'
import { readPage } from '../../../src/knowledge/retrieval/page.ts'
import { queryTerms, type Symptoms } from '../../../src/knowledge/retrieval/symptoms.ts'
import { normalName } from '../../../src/knowledge/retrieval/words.ts'

/** A vector that points along a few of the axes. */
export function along(...axes: number[]): Float32Array {
  const vector = new Float32Array(DIMENSIONS)
  for (const axis of axes) vector[axis] = 1
  return vector
}

export function page(id: string, markdown: string, vectors: Float32Array[] = []): IndexedPage {
  const file = id.split('/').at(-1) ?? id
  return { ...readPage(markdown, file), id, source: 'folder:test', hash: `hash of ${id}`, facts: { id }, vectors }
}

export function asked(symptoms: Symptoms, more: Partial<IndexQuery> = {}): IndexQuery {
  return { terms: queryTerms(symptoms), name: normalName(symptoms.alertname ?? ''), limit: 5, ...more }
}

const disk = page('disk', '# Volume is filling up\n\nThe persistent volume has little space left.', [along(1)])
const memory = page('memory', '# Pod is killed for memory\n\nThe container went over its memory limit.', [along(2)])
const node = page('NodeNotReady', '# A node is gone\n\nThe kubelet of the node does not answer.', [along(3), along(4)])

/** Of the page `memory` for `Container memory over the limit`, computed once with the embedded index. */
const FIGURES = { score: 4.66514, title: 0.33333 }

/** What every index must do, whatever it is made of. `open` gives one that is empty. */
export function indexContract(open: () => Promise<KnowledgeIndex>): void {
  let index: KnowledgeIndex
  const opened: KnowledgeIndex[] = []
  beforeEach(async () => {
    index = await open()
    opened.push(index)
  })
  afterAll(() => Promise.all(opened.map((each) => each.close())))

  const found = async (query: IndexQuery) => (await index.search('runbooks', query)).map((hit) => hit.page.id)

  test('a page is found by its words, the one that says most first', async () => {
    await index.put('runbooks', [disk, memory, node])
    const hits = await index.search('runbooks', asked({ summary: 'Container memory over the limit' }))
    expect(hits.map((hit) => hit.page.id)).toEqual(['memory'])
    expect(hits[0]).toMatchObject({
      named: false,
      ranks: { words: 0, meaning: undefined },
      page: { facts: { id: 'memory' } },
    })
    expect(hits[0]?.matched).toEqual(expect.arrayContaining(['memori', 'limit']))
    expect(hits[0]?.page.chunks[0]?.heading).toBe('Pod is killed for memory')
  })

  test('a page that bears the name comes before one that says more', async () => {
    await index.put('runbooks', [disk, memory, node])
    const query = asked({ alertname: 'node_not_ready', summary: 'memory limit of the container' })
    const hits = await index.search('runbooks', query)
    expect(hits.map((hit) => [hit.page.id, hit.named])).toEqual([
      ['NodeNotReady', true],
      ['memory', false],
    ])
  })

  test('a page is found by meaning alone, by the nearest of its chunks', async () => {
    await index.put('runbooks', [disk, memory, node])
    const hits = await index.search('runbooks', asked({ summary: 'zzz' }, { vector: along(4, 700), limit: 1 }))
    expect(hits.map((hit) => [hit.page.id, hit.ranks.words, hit.ranks.meaning])).toEqual([
      ['NodeNotReady', undefined, 0],
    ])
  })

  test('what is found by words and by meaning comes before what is found by one of them', async () => {
    await index.put('runbooks', [{ ...disk, vectors: [] }, memory, node])
    const summary = 'persistent volume with little space left, or memory'
    expect(await found(asked({ summary }))).toEqual(['disk', 'memory'])
    expect((await found(asked({ summary }, { vector: along(2) }))).slice(0, 2)).toEqual(['memory', 'disk'])
  })

  test('the figures are the same for every index', async () => {
    await index.put('runbooks', [disk, memory, node])
    const [hit] = await index.search('runbooks', asked({ summary: 'Container memory over the limit' }))
    expect(hit?.figures.asked).toBeCloseTo(1)
    expect(hit?.figures.title).toBeCloseTo(FIGURES.title, 3)
    expect(hit?.figures.score).toBeCloseTo(FIGURES.score, 3)
  })

  test('nothing is found where no word and no vector fits', async () => {
    await index.put('runbooks', [page('plain', '# Backups\n\nHow they are made.')])
    expect(await found(asked({ summary: 'certificate expired' }))).toEqual([])
    expect(await found(asked({ summary: 'certificate expired' }, { vector: along(1) }))).toEqual([])
    expect(await found(asked({}))).toEqual([])
  })

  test('collections do not see one another', async () => {
    await index.put('decisions', [memory])
    expect(await found(asked({ summary: 'memory limit' }))).toEqual([])
  })

  test('a page written again is replaced, and one removed is gone, at the next search', async () => {
    await index.put('runbooks', [disk, memory])
    expect(await found(asked({ summary: 'container limit' }))).toEqual(['memory'])
    await index.put('runbooks', [page('memory', '# Certificates\n\nThey expire.')])
    expect(await found(asked({ summary: 'container limit' }))).toEqual([])
    expect(await found(asked({ summary: 'certificates expire' }))).toEqual(['memory'])
    expect(await found(asked({}, { vector: along(2) }))).toEqual(['disk'])
    await index.remove('runbooks', ['memory', 'never there'])
    expect(await found(asked({ summary: 'certificates expire' }))).toEqual([])
  })

  test('it says which pages it holds, by hash, and gives one back whole', async () => {
    await index.put('runbooks', [disk, page('words', '# Only words\n\nNo vector.')])
    expect([...(await index.held('runbooks'))].sort()).toEqual([
      ['disk', { source: 'folder:test', hash: 'hash of disk', embedded: true }],
      ['words', { source: 'folder:test', hash: 'hash of words', embedded: false }],
    ])
    const { vectors: _, ...whole } = disk
    expect(await index.page('runbooks', 'disk')).toEqual(whole)
    expect(await index.page('runbooks', 'nowhere')).toBeUndefined()
    expect(await index.status()).toEqual([
      { collection: 'runbooks', pages: 2, chunks: 2, vectors: 1 },
      { collection: 'decisions', pages: 0, chunks: 0, vectors: 0 },
      { collection: 'documentation', pages: 0, chunks: 0, vectors: 0 },
    ])
  })

  test('a rebuild replaces everything at once: while it goes on the old pages are found, and only they', async () => {
    await index.put('runbooks', [disk])
    const during: string[][] = []
    async function* pages() {
      yield memory
      during.push(await found(asked({ summary: 'volume space, or memory' })))
      yield node
    }
    await index.rebuild('runbooks', pages())
    expect(during).toEqual([['disk']])
    expect([...(await index.held('runbooks')).keys()].sort()).toEqual(['NodeNotReady', 'memory'])
    expect(await found(asked({ summary: 'volume space, or memory' }))).toEqual(['memory'])
  })

  test('a rebuild that fails leaves the old pages', async () => {
    await index.put('runbooks', [disk])
    async function* pages() {
      yield memory
      throw new Error('the folder is gone')
    }
    await expect(index.rebuild('runbooks', pages())).rejects.toThrow('the folder is gone')
    expect([...(await index.held('runbooks')).keys()]).toEqual(['disk'])
    expect(await found(asked({ summary: 'volume space, or memory' }))).toEqual(['disk'])
  })

  test('what was cancelled is not begun', async () => {
    const cancelled = AbortSignal.abort(new Error('never mind'))
    await expect(index.put('runbooks', [disk], cancelled)).rejects.toThrow('never mind')
    await expect(index.search('runbooks', asked({ summary: 'disk' }), cancelled)).rejects.toThrow('never mind')
    expect(await index.held('runbooks')).toEqual(new Map())
  })

  test('more pages than one request takes are all there', async () => {
    const many = Array.from({ length: 300 }, (_, at) => page(`page-${at}`, `# Page ${at}\n\nmemory`))
    await index.put('runbooks', many)
    expect((await index.held('runbooks')).size).toBe(300)
    expect(await index.search('runbooks', asked({ summary: 'memory' }))).toHaveLength(5)
  })
}
