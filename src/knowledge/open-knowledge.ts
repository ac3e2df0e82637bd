import type { Runbook } from '../domain/runbook.ts'
import type { Sql } from '../storage/postgres.ts'
import { embeddedIndex } from './index/embedded-index.ts'
import type { KnowledgeIndex } from './index/knowledge-index.ts'
import { qdrantIndex } from './index/qdrant-index.ts'
import type { Embedder } from './retrieval/embedder.ts'
import { type Homebound, type KnowledgeSearch, knowledgeSearch } from './retrieval/knowledge-search.ts'
import { ollamaEmbedder } from './retrieval/ollama-embedder.ts'
import { decisionSource } from './sources/decision-source.ts'
import { folderSource } from './sources/folder-source.ts'
import { runbookSource } from './sources/runbook-source.ts'
import type { Source } from './sources/source.ts'

/** What configuration says of knowledge. */
export interface KnowledgeConfig {
  readonly qdrant: { readonly url: string; readonly apiKey: string | undefined } | undefined
  readonly ollamaHost: string | undefined
  readonly embeddingModel: string
  /** Folders of Markdown and Git checkouts. */
  readonly dirs: readonly string[]
}

export interface Knowledge {
  readonly index: KnowledgeIndex
  readonly embedder: Embedder | undefined
  readonly search: KnowledgeSearch
}

/**
 * Qdrant where it is configured, else the embedded index; an embedder where Ollama is. Connects to nothing yet. `homebound`:
 * nothing stays at home unless told.
 */
export function openKnowledge(
  sql: Sql,
  { qdrant, ollamaHost, embeddingModel }: KnowledgeConfig,
  homebound?: Homebound,
): Knowledge {
  const index = qdrant
    ? qdrantIndex({ url: qdrant.url, ...(qdrant.apiKey !== undefined && { apiKey: qdrant.apiKey }) })
    : embeddedIndex(sql)
  const embedder = ollamaHost === undefined ? undefined : ollamaEmbedder({ url: ollamaHost, model: embeddingModel })
  return { index, embedder, search: knowledgeSearch(index, embedder, homebound) }
}

/** Everything that is indexed: the runbooks, the folders that people named, and every decision. */
export function knowledgeSources(dirs: readonly string[], runbooks: () => Iterable<Runbook>, sql: Sql): Source[] {
  return [runbookSource(runbooks), ...dirs.map(folderSource), decisionSource(sql)]
}
