import { randomUUID } from 'node:crypto'
import { QdrantClient } from '@qdrant/js-client-rest'
import { afterAll, describe, expect, test } from 'vitest'
import { qdrantIndex } from '../../../src/knowledge/index/qdrant-index.ts'
import { startQdrant } from '../../simulators/qdrant/server.ts'
import { along, asked, indexContract, page } from './contract.ts'

const simulator = await startQdrant({ apiKey: 'key' })
afterAll(() => simulator.stop())

describe('against the simulator', () => {
  let number = 0
  indexContract(async () => qdrantIndex({ url: simulator.url, apiKey: 'key', prefix: `contract-${number++}-` }))

  test('a collection has named multivectors, words weighed by rarity, and an index on what is filtered by', async () => {
    await qdrantIndex({ url: simulator.url, apiKey: 'key', prefix: 'shape-' }).put('runbooks', [page('a', '# A')])
    expect(simulator.store.aliases.get('shape-runbooks')).toBe('shape-runbooks-first')
    const collection = simulator.store.collections.get('shape-runbooks-first')
    expect(collection?.vectors.get('dense')).toMatchObject({ size: 768, distance: 'Cosine' })
    expect(collection?.sparse.get('words')).toEqual({ modifier: 'idf' })
    expect([...(collection?.indexed ?? [])]).toEqual(
      ['page', 'source', 'names', 'words'].map((name) => [name, 'keyword']),
    )
  })

  test('a search is one request for all its ways, and the server fuses', async () => {
    const index = qdrantIndex({ url: simulator.url, apiKey: 'key', prefix: 'one-' })
    await index.put('runbooks', [page('memory', '# Memory', [along(1)])])
    simulator.calls.length = 0
    await index.search('runbooks', asked({ summary: 'memory' }, { vector: along(1) }))
    expect(simulator.calls.filter((call) => call.endsWith('/query/batch'))).toHaveLength(1)
    await index.search('runbooks', asked({ summary: 'memory' }, { vector: along(1) }))
    expect(simulator.calls.filter((call) => call.endsWith('/count'))).toHaveLength(2)
  })

  test('after a rebuild the collections of the past are gone, and nobody else’s', async () => {
    const index = qdrantIndex({ url: simulator.url, apiKey: 'key', prefix: 'swap-' })
    await index.put('runbooks', [page('a', '# A')])
    simulator.store.collections.set('swap-runbooks-of-others', {
      vectors: new Map(),
      sparse: new Map(),
      indexed: new Map(),
      points: new Map(),
    })
    await index.rebuild('runbooks', (async function* () {})())
    const left = [...simulator.store.collections.keys()].filter((name) => name.startsWith('swap-'))
    expect(left.sort()).toEqual([simulator.store.aliases.get('swap-runbooks'), 'swap-runbooks-of-others'].sort())
  })

  test('a rebuild whose alias cannot be moved leaves the old one in place and nothing behind', async () => {
    const index = qdrantIndex({ url: simulator.url, apiKey: 'key', prefix: 'stay-' })
    await index.put('runbooks', [page('a', '# A')])
    simulator.fail(/POST \/collections\/aliases/)
    await expect(index.rebuild('runbooks', (async function* () {})())).rejects.toThrow('Qdrant answered 500')
    simulator.fail(undefined)
    expect([...simulator.store.collections.keys()].filter((name) => name.startsWith('stay-'))).toEqual([
      'stay-runbooks-first',
    ])
    expect([...(await index.held('runbooks')).keys()]).toEqual(['a'])
  })

  test('failures say what to change, and whether to try again', async () => {
    const refused = qdrantIndex({ url: simulator.url, apiKey: 'wrong' })
    await expect(refused.held('runbooks')).rejects.toMatchObject({ vendor: 'Qdrant', status: 401, retryable: false })
    await expect(refused.held('runbooks')).rejects.toThrow('Set QDRANT_API_KEY')
    simulator.fail(/GET \/aliases/, 503)
    await expect(qdrantIndex({ url: simulator.url, apiKey: 'key' }).held('runbooks')).rejects.toMatchObject({
      retryable: true,
    })
    simulator.fail(undefined)
    const nobody = qdrantIndex({ url: 'http://127.0.0.1:9' })
    await expect(nobody.held('runbooks')).rejects.toThrow('Qdrant cannot be reached at QDRANT_URL.')
  })
})

const real = process.env.QDRANT_TEST_URL
describe.skipIf(!real)('against the server at QDRANT_TEST_URL (skipped where that is not set)', () => {
  const run = `wk-test-${randomUUID().slice(0, 8)}-`
  let number = 0
  if (real) indexContract(async () => qdrantIndex({ url: real, prefix: `${run}${number++}-` }))
  else test.skip('QDRANT_TEST_URL is not set')
  afterAll(async () => {
    if (!real) return
    const client = new QdrantClient({ url: real, checkCompatibility: false })
    for (const { name } of (await client.getCollections()).collections)
      if (name.startsWith(run)) await client.deleteCollection(name)
  })
})
