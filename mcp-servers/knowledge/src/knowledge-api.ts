import { CallerError, CredentialError, UpstreamError } from '@watchkeeper/mcp-shared'
import { z } from 'zod'
import type { Knowledge } from './knowledge.ts'
import type { Access } from './knowledge-config.ts'

const Answer = z.object({
  fits: z.boolean(),
  because: z.string(),
  degraded: z.string().optional(),
  found: z.array(
    z.object({
      collection: z.string(),
      id: z.string(),
      title: z.string(),
      source: z.string(),
      because: z.string(),
      likelihood: z.number(),
      facts: z.record(z.string(), z.unknown()),
      excerpt: z.object({ heading: z.string(), text: z.string() }),
    }),
  ),
})
const Part = z.array(z.object({ id: z.string(), tool: z.string() }))
const Runbook = z.object({
  id: z.string(),
  title: z.string(),
  version: z.string(),
  alertnames: z.array(z.string()),
  ceiling: z.string(),
  checks: Part,
  steps: Part,
  prose: z.string(),
})
const Stats = z.object({
  runbook: z.string(),
  ran: z.number(),
  outcomes: z.record(z.string(), z.number()),
  succeeded: z.number(),
  failed: z.number(),
  last: z.string().nullable(),
})

/** What a Watchkeeper knows, by the API under `/api/knowledge` of its own address. */
export function knowledgeApi({ name, url, token }: Access): Knowledge {
  async function ask<T>(path: string, shape: z.ZodType<T>, signal: AbortSignal, body?: object): Promise<T> {
    let response: Response
    let answer: unknown
    try {
      response = await fetch(`${url}/api/knowledge/${path}`, {
        method: body ? 'POST' : 'GET',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        ...(body && { body: JSON.stringify(body) }),
        redirect: 'error',
        signal,
      })
      answer = await response.json().catch(() => undefined)
    } catch (error) {
      signal.throwIfAborted()
      throw new UpstreamError('unreachable', 'Watchkeeper cannot be reached at WATCHKEEPER_URL.', error)
    }
    const said = z.object({ error: z.string() }).safeParse(answer).data?.error ?? `HTTP ${response.status}`
    if (response.status === 401)
      throw new CredentialError(
        'Watchkeeper did not accept the token: set KNOWLEDGE_TOKEN to the one it was started with.',
      )
    if (response.status === 404) throw new CallerError('not_found', `Watchkeeper does not have this: ${said}`)
    if (response.status === 400) throw new CallerError('invalid', `Watchkeeper refused the question: ${said}`)
    const shaped = shape.safeParse(answer)
    if (response.ok && shaped.success) return shaped.data
    throw new UpstreamError('unreachable', `What answers at WATCHKEEPER_URL could not be understood: ${said}`)
  }

  return {
    name,
    search: ({ ...question }, signal) => ask('search', Answer, signal, question),
    runbook: (id, signal) => ask(`runbooks/${encodeURIComponent(id)}`, Runbook, signal),
    stats: (id, signal) => ask(`runbooks/${encodeURIComponent(id)}/stats`, Stats, signal),
  }
}
