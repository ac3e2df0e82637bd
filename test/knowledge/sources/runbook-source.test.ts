import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { ingest } from '../../../src/knowledge/ingest.ts'
import { knowledgeSearch } from '../../../src/knowledge/retrieval/knowledge-search.ts'
import { loadRunbookFolder } from '../../../src/knowledge/runbook-folder.ts'
import { runbookSource } from '../../../src/knowledge/sources/runbook-source.ts'
import { fakeIndex } from '../doubles.ts'

const { runbooks } = await loadRunbookFolder(fileURLToPath(new URL('../../../runbooks', import.meta.url)))

test('our own runbooks are found by the alerts they are for, and by words', async () => {
  const { index } = fakeIndex()
  await ingest(
    index,
    runbookSource(() => runbooks),
  )
  const search = knowledgeSearch(index)
  const named = await search.search('runbooks', { alertname: 'KubePodOOMKilled' })
  expect(named.found[0]).toMatchObject({ because: 'by its name', facts: { runbook: 'pod-oom-killed' } })
  const worded = await search.search('runbooks', { summary: 'A node is not ready' })
  expect(worded.found[0]?.facts.runbook).toBe('node-not-ready')
})
