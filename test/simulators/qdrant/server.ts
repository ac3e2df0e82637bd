import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import type { Schemas } from '@qdrant/js-client-rest'
import { openOracle } from '../oracle.ts'
import { matches, query } from './query.ts'
import { createCollection, find, Refused, type Store, upsert } from './store.ts'

export interface QdrantSimulatorOptions {
  port?: number
  /** Requests without this key are refused. */
  apiKey?: string
  oracle?: string
}

export interface QdrantSimulator {
  readonly url: string
  readonly store: Store
  /** Every request so far: `PUT /collections/x`. */
  readonly calls: string[]
  /** Answers this status to everything whose call matches, until it is taken back by undefined. */
  fail(when: RegExp | undefined, status?: number): void
  /** Keeps every answer back for so long, ms. */
  slow(ms: number): void
  stop(): Promise<void>
}

/**
 * The part of Qdrant's REST API that an index needs, in memory and exact: collections with named multivectors and sparse vectors
 * weighed by rarity, payload filters, queries with prefetch and fusion, and aliases changed in one request. What it does not
 * know it refuses, so that a request the real server would not take does not pass here.
 */
export async function startQdrant({ port = 0, apiKey, oracle }: QdrantSimulatorOptions = {}): Promise<QdrantSimulator> {
  const store: Store = { collections: new Map(), aliases: new Map() }
  const calls: string[] = []
  const note = openOracle(oracle, 'qdrant')
  let delayMs = 0
  let failure: { when: RegExp; status: number } | undefined

  const server = createServer((request, response) => {
    void readBody(request).then(async (body) => {
      const { pathname } = new URL(request.url ?? '/', 'http://localhost')
      const call = `${request.method} ${pathname}`
      calls.push(call)
      const begun = performance.now()
      // Who has hung up by then gets no answer.
      if (delayMs > 0) await wait(delayMs, undefined, { ref: false })
      if (response.destroyed) return
      const answer = (status: number, content: object) => {
        note({ call, body, status })
        response.writeHead(status, { 'content-type': 'application/json' })
        response.end(JSON.stringify({ ...content, time: (performance.now() - begun) / 1_000 }))
      }
      try {
        if (apiKey !== undefined && request.headers['api-key'] !== apiKey)
          throw new Refused(401, 'Must provide an API key')
        if (failure?.when.test(call)) throw new Refused(failure.status, 'Service internal error: told to fail')
        answer(200, { result: route(store, call, body), status: 'ok' })
      } catch (error) {
        if (!(error instanceof Refused)) throw error
        answer(error.status, { status: { error: error.message } })
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    store,
    calls,
    fail(when, status = 500) {
      failure = when && { when, status }
    },
    slow(ms) {
      delayMs = ms
    },
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

type Handler = (store: Store, name: string, body: unknown) => unknown

const DONE = { operation_id: 0, status: 'completed' }

const ROUTES: readonly [RegExp, Handler][] = [
  [/^GET \/collections$/, (store) => ({ collections: [...store.collections.keys()].map((name) => ({ name })) })],
  [
    /^GET \/aliases$/,
    (store) => ({
      aliases: [...store.aliases].map(([alias_name, collection_name]) => ({ alias_name, collection_name })),
    }),
  ],
  [
    /^POST \/collections\/aliases$/,
    (store, _, body) => changeAliases(store, body as { actions: Schemas['AliasOperations'][] }),
  ],
  [
    /^GET \/collections\/([^/]+)\/exists$/,
    (store, name) => ({ exists: store.collections.has(name) || store.aliases.has(name) }),
  ],
  [
    /^PUT \/collections\/([^/]+)$/,
    (store, name, body) => {
      createCollection(store, name, body as Schemas['CreateCollection'])
      return true
    },
  ],
  [/^DELETE \/collections\/([^/]+)$/, dropCollection],
  [
    /^PUT \/collections\/([^/]+)\/index$/,
    (store, name, body) => {
      const { field_name, field_schema } = body as Schemas['CreateFieldIndex']
      find(store, name).indexed.set(field_name, String(field_schema))
      return DONE
    },
  ],
  [
    /^PUT \/collections\/([^/]+)\/points$/,
    (store, name, body) => {
      upsert(find(store, name), (body as Schemas['PointsList']).points)
      return DONE
    },
  ],
  [
    /^POST \/collections\/([^/]+)\/points\/delete$/,
    (store, name, body) => {
      for (const id of (body as Schemas['PointIdsList']).points) find(store, name).points.delete(id)
      return DONE
    },
  ],
  [
    /^POST \/collections\/([^/]+)\/points$/,
    (store, name, body) =>
      (body as Schemas['PointRequest']).ids.flatMap((id) => {
        const point = find(store, name).points.get(id)
        return point ? [{ id, payload: point.payload }] : []
      }),
  ],
  [
    /^POST \/collections\/([^/]+)\/points\/count$/,
    (store, name, body) => {
      const filter = (body as Schemas['CountRequest']).filter as Schemas['Filter'] | undefined
      return { count: [...find(store, name).points.values()].filter((point) => matches(point, filter)).length }
    },
  ],
  [/^POST \/collections\/([^/]+)\/points\/scroll$/, scroll],
  [
    /^POST \/collections\/([^/]+)\/points\/query\/batch$/,
    (store, name, body) =>
      (body as { searches: Schemas['QueryRequest'][] }).searches.map((search) => ({
        points: query(find(store, name), search),
      })),
  ],
]

function route(store: Store, call: string, body: unknown): unknown {
  for (const [pattern, handler] of ROUTES) {
    const match = pattern.exec(call)
    if (match) return handler(store, decodeURIComponent(match[1] ?? ''), body)
  }
  throw new Refused(404, `this simulator has no ${call}`)
}

function dropCollection(store: Store, name: string): boolean {
  const there = store.collections.delete(name)
  for (const [alias, target] of store.aliases) if (target === name) store.aliases.delete(alias)
  return there
}

/** All of them or none, as the server does it. */
function changeAliases(store: Store, { actions }: { actions: Schemas['AliasOperations'][] }): boolean {
  const changed = new Map(store.aliases)
  for (const action of actions) {
    if ('delete_alias' in action) {
      if (!changed.delete(action.delete_alias.alias_name))
        throw new Refused(404, `Not found: Alias ${action.delete_alias.alias_name} does not exist!`)
    } else if ('create_alias' in action) {
      const { alias_name, collection_name } = action.create_alias
      if (!store.collections.has(collection_name))
        throw new Refused(404, `Not found: Collection \`${collection_name}\` doesn't exist!`)
      changed.set(alias_name, collection_name)
    }
  }
  store.aliases = changed
  return true
}

function scroll(store: Store, name: string, body: unknown): Schemas['ScrollResult'] {
  const { limit, offset, with_payload } = body as Schemas['ScrollRequest']
  const points = [...find(store, name).points.values()].sort((a, b) => (String(a.id) < String(b.id) ? -1 : 1))
  const start = offset == null ? 0 : points.findIndex(({ id }) => id === offset)
  const page = points.slice(start, start + (limit ?? 10))
  const fields = Array.isArray(with_payload) ? (with_payload as string[]) : undefined
  const cut = (payload: Record<string, unknown>) =>
    fields ? Object.fromEntries(fields.map((field) => [field, payload[field]])) : payload
  return {
    points: page.map(({ id, payload }) => ({ id, payload: cut(payload) as Schemas['Payload'] })),
    next_page_offset: points[start + (limit ?? 10)]?.id ?? null,
  }
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(piece as Buffer)
  const text = Buffer.concat(pieces).toString('utf8')
  return text === '' ? undefined : JSON.parse(text)
}
