import type { Server } from 'node:http'
import { serve } from '@hono/node-server'
import type { Runbook } from '../../../src/domain/runbook.ts'
import type { Collection } from '../../../src/knowledge/index/knowledge-index.ts'
import { ingest } from '../../../src/knowledge/ingest.ts'
import { knowledgeSearch } from '../../../src/knowledge/retrieval/knowledge-search.ts'
import { readPage } from '../../../src/knowledge/retrieval/page.ts'
import { loadRunbookFolder } from '../../../src/knowledge/runbook-folder.ts'
import { runbookSource } from '../../../src/knowledge/sources/runbook-source.ts'
import { type Source, withHash } from '../../../src/knowledge/sources/source.ts'
import { knowledgeApi } from '../../../src/knowledge-api.ts'
import { fakeIndex } from '../../knowledge/doubles.ts'
import { openOracle } from '../oracle.ts'

export interface KnowledgeSimulatorOptions {
  /** The folder of runbooks; the project's own unless told. */
  runbooks?: string
  /** More pages: Markdown by id. A decision is a page of what was wrong; how it ended is in `facts`. */
  pages?: readonly { collection: Collection; id: string; markdown: string; facts?: Record<string, string> }[]
  /** What callers must send. */
  token?: string
  oracle?: string
}

export interface KnowledgeSimulator {
  readonly url: string
  readonly token: string
  /** Every request: `POST /api/knowledge/search`. */
  readonly calls: string[]
  /** Searches are not answered until this is called again with false. */
  hang(on: boolean): void
  stop(): Promise<void>
}

const RUNBOOKS = new URL('../../../runbooks', import.meta.url).pathname

/** The agent's own knowledge API without an agent: real pages in memory, a real search, no database. */
export async function startKnowledge(options: KnowledgeSimulatorOptions = {}): Promise<KnowledgeSimulator> {
  const { runbooks: folder = RUNBOOKS, pages = [], token = 'a-token-for-knowledge-0123', oracle } = options
  const { runbooks } = await loadRunbookFolder(folder)
  const byId = new Map(runbooks.map((runbook) => [runbook.id, runbook]))
  const searches = {
    runbooks: await searchOver([runbookSource(() => byId.values()), pagesOf('runbooks')]),
    decisions: await searchOver([pagesOf('decisions')]),
    documentation: await searchOver([pagesOf('documentation')]),
  }
  const app = knowledgeApi({
    search: { search: (collection, symptoms, limits) => searches[collection].search(collection, symptoms, limits) },
    runbook: (id): Runbook | undefined => byId.get(id),
    stats: async (runbook) => ({ runbook, ran: 3, outcomes: { fixed: 3 }, succeeded: 3, failed: 0, last: null }),
    token,
  })
  const calls: string[] = []
  const note = openOracle(oracle, 'knowledge')
  let hanging = false
  const answer = async (request: Request): Promise<Response> => {
    const call = `${request.method} ${new URL(request.url).pathname}`
    calls.push(call)
    if (hanging) return await new Promise<never>(() => {})
    const response = await app.fetch(request)
    note({ call, status: response.status })
    return response
  }
  const [server, port] = await new Promise<[Server, number]>((resolve) => {
    const started = serve({ fetch: answer, hostname: '127.0.0.1', port: 0 }, (address) =>
      resolve([started as Server, address.port]),
    )
  })
  return {
    url: `http://127.0.0.1:${port}`,
    token,
    calls,
    hang(on) {
      hanging = on
    },
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }

  function pagesOf(collection: Collection): Source {
    const own = pages.filter((page) => page.collection === collection)
    const read = own.map(({ id, markdown, facts = {} }) =>
      withHash({ ...readPage(markdown, id), id, source: 'simulator', facts }),
    )
    return { name: 'simulator', collection, pages: () => Promise.resolve(read) }
  }
}

async function searchOver(sources: readonly Source[]) {
  const { index } = fakeIndex()
  for (const source of sources) await ingest(index, source)
  return knowledgeSearch(index)
}
