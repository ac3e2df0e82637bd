import type { Server } from 'node:http'
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import type { Registry } from 'prom-client'
import { OperatorError } from './domain/errors.ts'
import type { Sql } from './storage/postgres.ts'

export interface HttpDeps {
  sql: Sql
  registry: Registry
  /** Hooks first, then the console: each is an app of its own. */
  routes: readonly Hono[]
}

/** Everything that is served: the hooks, the console, and the three addresses that machines ask. */
export function httpApp({ sql, registry, routes }: HttpDeps): Hono {
  const app = new Hono()
  app.get('/healthz', (c) => c.json({ ok: true }))
  app.get('/readyz', async (c) => {
    try {
      await Promise.race([sql`select 1`, late(READY_MS)])
      return c.json({ ready: true })
    } catch {
      return c.json({ ready: false, because: 'the database does not answer' }, 503)
    }
  })
  app.get('/metrics', async (c) => c.body(await registry.metrics(), 200, { 'content-type': registry.contentType }))
  for (const route of routes) app.route('/', route)
  return app
}

/** A database that hangs is no better than one that is away. */
const READY_MS = 2_000

function late(ms: number): Promise<never> {
  return new Promise((_resolve, reject) => {
    setTimeout(() => reject(new Error('late')), ms).unref()
  })
}

/** A server that has its port; it answers 503 until it is told what to serve. */
export interface Listener {
  port: number
  serve(app: Hono): void
  close(): Promise<void>
}

/** Listens. Throws an OperatorError that says what to change when the port is taken or not ours to take. */
export async function listen({ host, port }: { host: string; port: number }): Promise<Listener> {
  const starting = () => new Response('Starting.', { status: 503, headers: { 'retry-after': '1' } })
  let answer: (request: Request) => Response | Promise<Response> = starting
  return await new Promise((resolve, reject) => {
    const server = serve({ fetch: (request) => answer(request), hostname: host, port }, (address) => {
      resolve({
        port: address.port,
        serve(app) {
          answer = (request) => app.fetch(request)
        },
        close: () => closeServer(server as Server),
      })
    })
    server.on('error', (error: NodeJS.ErrnoException) => reject(explain(error, host, port)))
  })
}

function explain(error: NodeJS.ErrnoException, host: string, port: number): Error {
  if (error.code === 'EADDRINUSE')
    return new OperatorError(
      `Port ${port} on ${host} is in use, perhaps by another Watchkeeper. Stop that, or set PORT to a free one.`,
      { cause: error },
    )
  if (error.code === 'EACCES')
    return new OperatorError(`Port ${port} may not be used by this user. Set PORT to 1024 or more.`, { cause: error })
  if (error.code === 'EADDRNOTAVAIL')
    return new OperatorError(`This machine has no address ${host}. Correct HOST.`, { cause: error })
  return error
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
