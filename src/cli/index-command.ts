import { readConfig } from '../config.ts'
import type { CollectionStatus } from '../knowledge/index/knowledge-index.ts'
import { ingest, rebuild } from '../knowledge/ingest.ts'
import { knowledgeSources, openKnowledge } from '../knowledge/open-knowledge.ts'
import { loadRunbookFolder } from '../knowledge/runbook-folder.ts'
import { progressBar } from './progress-bar.ts'
import { withDatabase } from './with-database.ts'

export interface IndexOptions {
  rebuild?: boolean
  status?: boolean
}

/** Reads runbooks, folders and past decisions into the index, makes it anew, or says what is in it. */
export async function indexCommand(
  { rebuild: anew = false, status = false }: IndexOptions,
  env: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  const config = readConfig(env)
  return await withDatabase(config, async (sql) => {
    const { index, embedder } = await openKnowledge(sql, config.knowledge)
    try {
      if (status) {
        process.stdout.write(statusTable(await index.status()))
        return 0
      }
      const { runbooks } = await loadRunbookFolder(config.runbooksDir)
      const sources = knowledgeSources(config.knowledge.dirs, () => runbooks, sql)
      const bar = progressBar(process.stderr)
      const done = []
      if (anew) done.push(...(await rebuild(index, sources, { embedder, progress: bar.show })))
      else for (const source of sources) done.push(await ingest(index, source, { embedder, progress: bar.show }))
      bar.end()
      for (const { source, pages, written, removed } of done)
        process.stdout.write(`${source}: ${pages} pages, ${written} written, ${removed} removed\n`)
      const degraded = done.find((one) => one.degraded !== undefined)?.degraded
      if (degraded !== undefined)
        process.stderr.write(`Some pages can be found by their words alone. ${degraded} Then run this again.\n`)
      return 0
    } finally {
      await index.close()
    }
  })
}

function statusTable(rows: readonly CollectionStatus[]): string {
  const lines = rows.map(
    ({ collection, pages, chunks, vectors }) =>
      `${collection.padEnd(13)}  ${String(pages).padStart(6)} pages  ${String(chunks).padStart(6)} chunks  ${String(vectors).padStart(6)} vectors\n`,
  )
  return lines.join('')
}
