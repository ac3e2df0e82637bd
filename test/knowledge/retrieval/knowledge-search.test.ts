import { expect, test } from 'vitest'
import { knowledgeSearch } from '../../../src/knowledge/retrieval/knowledge-search.ts'
import { fakeEmbedder, fakeIndex } from '../doubles.ts'
import { page } from '../index/contract.ts'

async function shelf() {
  const { index } = fakeIndex()
  await index.put('runbooks', [
    page(
      'pod-oom-killed',
      '# App keeps running out of memory\n\nIntro.\n\n## Mitigation\n\nRaise the memory limit of the container.',
    ),
    page('KubeNodeNotReady', '# A node does not answer\n\nThe kubelet is silent.'),
    ...Array.from({ length: 20 }, (_, at) => page(`other-${at}`, `# Topic ${at}\n\nBackups of database ${at}.`)),
  ])
  return index
}

test('what is found says why, in the words that were asked, and shows the stretch that says most', async () => {
  const { found, fits } = await knowledgeSearch(await shelf()).search('runbooks', {
    summary: 'Container running out of memory, limits too low',
  })
  expect(fits).toBe(true)
  expect(found[0]?.id).toBe('pod-oom-killed')
  expect(found[0]?.because).toMatch(/^by words \(.*memory.*\)$/)
  expect(found[0]?.excerpt().heading).toContain('Mitigation')
})

test('a page that bears the name of the alert is certain', async () => {
  const { found } = await knowledgeSearch(await shelf()).search('runbooks', { alertname: 'KubeNodeNotReady' })
  expect(found[0]).toMatchObject({ id: 'KubeNodeNotReady', because: 'by its name', likelihood: 1 })
})

test('nothing fits is an answer of its own, with what came nearest', async () => {
  const search = knowledgeSearch(await shelf())
  const near = await search.search('runbooks', {
    summary: 'Juniper switch lost its uplink',
    description: 'database of routes',
  })
  expect(near).toMatchObject({ fits: false, because: expect.stringMatching(/^Nothing fits; the nearest is "Topic/) })
  expect(await search.search('runbooks', { summary: 'zzz' })).toMatchObject({
    fits: false,
    because: 'Nothing fits.',
    found: [],
  })
})

test('an embedder that fails is left out, and said', async () => {
  const { embedder, state } = fakeEmbedder()
  state.broken = true
  const answer = await knowledgeSearch(await shelf(), embedder).search('runbooks', { summary: 'out of memory limit' })
  expect(answer.degraded).toBe('searched by words alone: The model is away.')
  expect(answer.found[0]?.id).toBe('pod-oom-killed')
})

test('the query is embedded as a query', async () => {
  const { embedder, asked } = fakeEmbedder()
  await knowledgeSearch(await shelf(), embedder).search('runbooks', { alertname: 'A', summary: 'b', description: 'c' })
  expect(asked).toEqual([{ texts: ['A\nb\nc'], kind: 'query' }])
})

test('a decision of an incident that stays at home is found for one that does as well, and for nobody else', async () => {
  const { index } = fakeIndex()
  const decision = (incident: number) => ({
    ...page(`incident-${incident}-1`, '# Diary out of memory\n\nThe memory limit was raised.'),
    facts: { incident },
  })
  await index.put('decisions', [decision(7), decision(8)])
  const asked: number[][] = []
  const search = knowledgeSearch(index, undefined, async (incidents) => {
    asked.push([...incidents].sort())
    return new Set([7, 9])
  })
  const ids = async (incident: number | null) => {
    const { found } = await search.search('decisions', { summary: 'out of memory' }, { limit: 2, incident })
    return found.map(({ id }) => id).sort()
  }
  expect(await ids(null)).toEqual(['incident-8-1'])
  expect(await ids(8)).toEqual(['incident-8-1'])
  expect(await ids(9)).toEqual(['incident-7-1', 'incident-8-1'])
  expect(asked).toEqual([
    [7, 8],
    [7, 8],
    [7, 8, 9],
  ])
})
