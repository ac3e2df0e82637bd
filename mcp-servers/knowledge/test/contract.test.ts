import { toolContract } from '@watchkeeper/mcp-shared/testing'
import type { Knowledge } from '../src/knowledge.ts'
import { tools } from '../src/tools/index.ts'
import { fakeKnowledge, found } from './fake-knowledge.ts'

const long = 'x'.repeat(50_000)

toolContract<Knowledge>(tools, {
  samples: {
    search: { summary: 'memory limit', limit: 20 },
    runbook_get: { runbook: 'pod-oom-killed' },
    runbook_stats: { runbook: 'pod-oom-killed' },
    decisions_like: { summary: 'memory limit', limit: 20 },
  },
  port: fakeKnowledge,
  flooded: () =>
    fakeKnowledge(
      Array.from({ length: 1_000 }, (_, at) => ({
        ...found,
        id: `${at}`,
        title: long,
        excerpt: { heading: long, text: long },
      })),
    ),
  fields: { name: 'watchkeeper' },
  freeText: ['search.summary', 'search.description', 'decisions_like.summary', 'decisions_like.description'],
  listBytes: 12_000,
})
