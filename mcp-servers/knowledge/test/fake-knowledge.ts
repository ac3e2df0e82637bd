import { CallerError } from '@watchkeeper/mcp-shared'
import type { Found, Knowledge, Question } from '../src/knowledge.ts'

export const found: Found = {
  collection: 'runbooks',
  id: 'pod-oom-killed',
  title: 'App keeps running out of memory',
  source: 'runbooks',
  because: 'by words (memory, limit)',
  likelihood: 0.931,
  facts: {
    outcome: 'not_fixed',
    because: 'The alert still fires.',
    runbook: 'pod-oom-killed',
    at: '2026-11-01T10:00:00.000Z',
  },
  excerpt: { heading: 'What it is', text: 'The container went over its limit.' },
}

/** A Watchkeeper that knows these pages and one runbook, and keeps what it was asked. */
export function fakeKnowledge(pages: readonly Found[] = [found], fits = true): Knowledge & { asked: Question[] } {
  const asked: Question[] = []
  const known = (id: string) => {
    if (id !== 'pod-oom-killed') throw new CallerError('not_found', `There is no runbook ${id}.`)
  }
  return {
    name: 'watchkeeper',
    asked,
    async search(question) {
      asked.push(question)
      return { found: pages, fits, because: fits ? found.because : 'Nothing fits.' }
    },
    async runbook(id) {
      known(id)
      const parts = [{ id: 'oom', tool: 'kubernetes.describe' }]
      return {
        id,
        title: found.title,
        version: '1',
        alertnames: ['PodDown'],
        ceiling: 'standard',
        checks: parts,
        steps: parts,
        prose: '# Why',
      }
    },
    async stats(id) {
      known(id)
      return { runbook: id, ran: 3, outcomes: { fixed: 2, not_fixed: 1 }, succeeded: 2, failed: 1, last: null }
    },
  }
}
