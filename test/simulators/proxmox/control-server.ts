import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { z } from 'zod'
import type { WireMatch } from '../kubernetes/wire-faults.ts'
import { ROLES } from './access.ts'
import type { SimulatedProxmox } from './cluster.ts'

const Id = z.object({ id: z.int() })
const Kind = z.enum(['qemu', 'lxc'])
const Spec = Id.extend({
  kind: Kind.optional(),
  node: z.string().optional(),
  name: z.string().optional(),
  running: z.boolean().optional(),
  paused: z.boolean().optional(),
  lock: z.string().optional(),
  ha: z.string().optional(),
  tags: z.string().optional(),
  storage: z.string().optional(),
  config: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
})
const Changes = z.object({
  running: z.boolean().optional(),
  paused: z.boolean().optional(),
  hung: z.boolean().optional(),
  lock: z.string().optional(),
  ha: z.string().optional(),
  node: z.string().optional(),
})
const NodeState = z.object({ name: z.string(), online: z.boolean() })
const StorageState = z.object({ name: z.string(), used: z.number().optional(), total: z.number().optional() })
const Task = z.object({
  match: z.string(),
  how: z.enum(['warn', 'fail', 'vanish', 'lose', 'slow']),
  message: z.string().optional(),
  ms: z.number().optional(),
})
const Grant = z.object({ role: z.enum(ROLES), path: z.string(), privileges: z.array(z.string()) })
const Wire = z.object({ match: z.string(), flags: z.string().default(''), times: z.int().min(1).optional() })

type Action = (cluster: SimulatedProxmox, body: unknown, query: URLSearchParams) => unknown

const ACTIONS: Record<string, Action> = {
  'POST /guests': (cluster, body) => cluster.addGuest(Spec.parse(body)),
  'GET /guests': (cluster, _, query) => cluster.guest(Number(query.get('id'))),
  'PATCH /guests': (cluster, body) => cluster.setGuest(Id.parse(body).id, given(Changes.parse(body))),
  'POST /hang-guest': (cluster, body) => cluster.hangGuest(Id.parse(body).id),
  'POST /nodes': (cluster, body) => {
    const { name, online } = NodeState.parse(body)
    cluster.setNode(name, online)
  },
  'POST /storages': (cluster, body) => {
    const { name, ...changes } = StorageState.parse(body)
    cluster.setStorage(name, given(changes))
  },
  'POST /next-task': (cluster, body) => {
    const { match, ...fault } = Task.parse(body)
    cluster.nextTask({ ...fault, match: new RegExp(match) })
  },
  'POST /grant': (cluster, body) => {
    const { role, path, privileges } = Grant.parse(body)
    cluster.grant(role, path, privileges)
  },
  'POST /delay': (cluster, body) =>
    cluster.delayNext({ ...wire(body), ms: z.object({ ms: z.number().min(0) }).parse(body).ms }),
  'POST /drop-answer': (cluster, body) => cluster.dropAnswer(wire(body)),
  'POST /hang': (cluster, body) => cluster.hang(wire(body)),
  'GET /tasks': (cluster) => cluster.tasks(),
  'GET /changes': (cluster) => cluster.changes(),
  'GET /planted': (cluster) => cluster.planted(),
}

/** Serves a cluster's controls as plain HTTP on 127.0.0.1; `control.ts` is the client. */
export async function serveControl(
  cluster: SimulatedProxmox,
  port: number,
): Promise<{ url: string; stop(): Promise<void> }> {
  const server = createServer((request, response) => {
    const answer = (status: number, body: unknown) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    }
    control(cluster, request).then(
      (result) => answer(200, result ?? { ok: true }),
      (error: unknown) => answer(400, { error: error instanceof z.ZodError ? z.prettifyError(error) : String(error) }),
    )
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      await closed
    },
  }
}

async function control(cluster: SimulatedProxmox, request: IncomingMessage): Promise<unknown> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://control')
  const action = ACTIONS[`${request.method} ${pathname}`]
  if (!action)
    throw new Error(`no control ${request.method} ${pathname}; there are: ${Object.keys(ACTIONS).join(', ')}`)
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  const text = Buffer.concat(chunks).toString()
  return action(cluster, text === '' ? {} : JSON.parse(text), searchParams)
}

function wire(body: unknown): WireMatch {
  const { match, flags, ...rest } = Wire.parse(body)
  return { match: new RegExp(match, flags), ...given(rest) }
}

type Given<T> = { [K in keyof T]: Exclude<T[K], undefined> }

/** Without the keys that zod left undefined. */
function given<T extends object>(value: T): Given<T> {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as Given<T>
}
