import { createHash, timingSafeEqual } from 'node:crypto'
import { Hono } from 'hono'
import { z } from 'zod'
import { UpstreamError } from './domain/errors.ts'
import type { Runbook } from './domain/runbook.ts'
import { COLLECTIONS } from './knowledge/index/knowledge-index.ts'
import type { KnowledgeSearch } from './knowledge/retrieval/knowledge-search.ts'
import type { RunbookStats } from './knowledge/runbook-stats.ts'

export interface KnowledgeApiDeps {
  search: KnowledgeSearch
  runbook: (id: string) => Runbook | undefined
  stats: (id: string) => Promise<RunbookStats>
  /** What a caller must send as `Authorization: Bearer …`. */
  token: string
}

const SearchBody = z.strictObject({
  collection: z.enum(COLLECTIONS),
  alertname: z.string().max(200).optional(),
  summary: z.string().max(4_000).optional(),
  description: z.string().max(4_000).optional(),
  limit: z.int().min(1).max(20).default(5),
})

/** What the knowledge MCP server asks of the agent, read-only: a search, one runbook, and how it did. */
export function knowledgeApi({ search, runbook, stats, token }: KnowledgeApiDeps): Hono {
  const app = new Hono()
  const expected = createHash('sha256').update(`Bearer ${token}`).digest()
  app.use('/api/knowledge/*', async (context, next) => {
    const sent = createHash('sha256')
      .update(context.req.header('authorization') ?? '')
      .digest()
    if (!timingSafeEqual(sent, expected)) return context.json({ error: 'KNOWLEDGE_TOKEN is wanted here.' }, 401)
    await next()
    return
  })
  app.post('/api/knowledge/search', async (context) => {
    const body = SearchBody.safeParse(await context.req.json().catch(() => undefined))
    if (!body.success) return context.json({ error: z.prettifyError(body.error) }, 400)
    const { collection, limit, alertname, summary, description } = body.data
    const symptoms = {
      ...(alertname && { alertname }),
      ...(summary && { summary }),
      ...(description && { description }),
    }
    try {
      const { found, ...answer } = await search.search(collection, symptoms, { limit, signal: context.req.raw.signal })
      return context.json({ ...answer, found: found.map(({ excerpt, ...page }) => ({ ...page, excerpt: excerpt() })) })
    } catch (error) {
      if (error instanceof UpstreamError) return context.json({ error: error.message }, 503)
      throw error
    }
  })
  app.get('/api/knowledge/runbooks/:id', (context) => {
    const found = runbook(context.req.param('id'))
    if (!found) return context.json({ error: 'There is no such runbook.' }, 404)
    const { id, title, version, match, ceiling, checks, steps, prose } = found
    const outline = { alertnames: match.alertnames, ceiling, checks: checks.map(brief), steps: steps.map(brief) }
    return context.json({ id, title, version, ...outline, prose })
  })
  app.get('/api/knowledge/runbooks/:id/stats', async (context) => context.json(await stats(context.req.param('id'))))
  return app
}

function brief({ id, tool }: { readonly id: string; readonly tool: string }) {
  return { id, tool }
}
