import type { Runbook } from '../domain/runbook.ts'
import type { Sql } from '../storage/postgres.ts'
import { embeddedIndex } from './index/embedded-index.ts'
import type { KnowledgeIndex } from './index/knowledge-index.ts'
import type { Embedder } from './retrieval/embedder.ts'
import { type Homebound, type KnowledgeSearch, knowledgeSearch } from './retrieval/knowledge-search.ts'
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
 * Qdrant where it is configured, else the embedded index; an embedder where Ollama is; the library of what is not configured
 * is not loaded. Connects to nothing yet. `homebound`: nothing stays at home unless told.
 */
export async function openKnowledge(
  sql: Sql,
  { qdrant, ollamaHost, embeddingModel }: KnowledgeConfig,
  homebound?: Homebound,
): Promise<Knowledge> {
  const index = qdrant ? await qdrantAt(qdrant) : embeddedIndex(sql)
  const embedder = ollamaHost === undefined ? undefined : await ollamaAt(ollamaHost, embeddingModel)
  return { index, embedder, search: knowledgeSearch(index, embedder, homebound) }
}

async function qdrantAt({ url, apiKey }: { url: string; apiKey: string | undefined }): Promise<KnowledgeIndex> {
  const { qdrantIndex } = await import('./index/qdrant-index.ts')
  return qdrantIndex({ url, ...(apiKey !== undefined && { apiKey }) })
}

async function ollamaAt(url: string, model: string): Promise<Embedder> {
  const { ollamaEmbedder } = await import('./retrieval/ollama-embedder.ts')
  return ollamaEmbedder({ url, model })
}

/** Everything that is indexed: the runbooks, the folders that people named, and every decision. */
export function knowledgeSources(dirs: readonly string[], runbooks: () => Iterable<Runbook>, sql: Sql): Source[] {
  return [runbookSource(runbooks), ...dirs.map(folderSource), decisionSource(sql)]
}
