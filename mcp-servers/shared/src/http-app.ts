import { createHash, timingSafeEqual } from 'node:crypto'
import { getConnInfo } from '@hono/node-server/conninfo'
import { type Context, Hono, type Next } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { HttpConfig } from './config.ts'
import type { Metrics } from './metrics.ts'
import { rateLimit } from './rate-limit.ts'

export const BODY_LIMIT = 1_048_576

export type HttpAppDeps = {
  config: HttpConfig
  metrics: Metrics
  /** Answers a request that passed every check. */
  handle: (request: Request) => Promise<Response>
  healthy: () => boolean
  /** The port it listens on, which is known only once it does. */
  port: () => number
}

/**
 * The HTTP face of an MCP server: `/mcp` behind Host, Origin, rate, token and size checks in this order, so that a request
 * without the token has no byte of its body read; `/healthz` and `/metrics` are open and say nothing about the platform.
 */
export function httpApp({ config, metrics, handle, healthy, port }: HttpAppDeps): Hono {
  const app = new Hono()
  app.get('/healthz', (c) => (healthy() ? c.text('ok\n') : c.text('stopping\n', 503)))
  app.get('/metrics', async (c) => c.body(await metrics.text(), 200, { 'content-type': metrics.contentType }))
  app.use('/mcp', checkHost(config, port), limitRate(config.requestsPerMinute), checkToken(config.token))
  app.use(
    '/mcp',
    bodyLimit({ maxSize: BODY_LIMIT, onError: (c) => refuse(c, 413, 'The request is larger than 1 MiB.') }),
  )
  app.all('/mcp', (c) => handle(c.req.raw))
  app.notFound((c) => refuse(c, 404, 'The MCP endpoint is /mcp.'))
  return app
}

/** Refuses names this server is not known by, and pages of other origins: what DNS rebinding and cross-site requests look like. */
function checkHost({ host, allowedHosts }: HttpConfig, port: () => number) {
  return async function check(c: Context, next: Next) {
    const names = new Set([host, '127.0.0.1', 'localhost', '[::1]', ...allowedHosts])
    const known = (authority: string) => {
      const [, name = '', given] = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(authority) ?? []
      return (
        allowedHosts.includes(authority) ||
        (names.has(name) && (given === undefined || Number(given) === port() || allowedHosts.includes(name)))
      )
    }
    if (!known(c.req.header('host') ?? ''))
      return refuse(c, 403, 'This Host is not one of this server; see --allow-host.')
    const origin = c.req.header('origin')
    if (origin !== undefined && !(URL.canParse(origin) && known(new URL(origin).host)))
      return refuse(c, 403, 'Requests from this Origin are not accepted.')
    await next()
    return
  }
}

function limitRate(perMinute: number) {
  const allowed = rateLimit(perMinute, () => performance.now())
  return async function limit(c: Context, next: Next) {
    if (!allowed(getConnInfo(c).remote.address ?? 'unknown')) {
      c.header('retry-after', '1')
      return refuse(c, 429, 'Too many requests from this address; wait a second.')
    }
    await next()
    return
  }
}

/** Compares digests, so that neither the token's content nor its length shows in the time it takes. */
function checkToken(token: string) {
  const wanted = sha256(token)
  return async function check(c: Context, next: Next) {
    const [scheme, given, ...rest] = (c.req.header('authorization') ?? '').split(' ')
    const right = timingSafeEqual(sha256(given ?? ''), wanted) && /^bearer$/i.test(scheme ?? '') && rest.length === 0
    if (!right || token === '') {
      c.header('www-authenticate', 'Bearer')
      return refuse(c, 401, 'Send "Authorization: Bearer TOKEN" with the token of this server.')
    }
    await next()
    return
  }
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

function refuse(c: Context, status: 401 | 403 | 404 | 413 | 429, message: string): Response {
  return c.json({ jsonrpc: '2.0', id: null, error: { code: -32_000, message } }, status)
}
