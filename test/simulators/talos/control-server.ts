import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { z } from 'zod'
import type { WireMatch } from '../kubernetes/wire-faults.ts'
import type { EtcdState, SimulatedTalos } from './cluster.ts'

const Node = z.object({ node: z.string() })
const Service = Node.extend({ service: z.string() })
const Break = Service.extend({ message: z.string().optional(), stubborn: z.boolean().optional() })
const Log = Service.extend({ lines: z.array(z.string()) })
const Etcd = Node.extend({
  sick: z.string().nullable().optional(),
  alarm: z.enum(['NOSPACE', 'CORRUPT']).nullable().optional(),
  learner: z.boolean().optional(),
  bytes: z.number().optional(),
  bytesInUse: z.number().optional(),
})
const Failure = Node.extend({ message: z.string() })
const Wire = z.object({
  match: z.string(),
  flags: z.string().default(''),
  dryRun: z.boolean().optional(),
  times: z.int().min(1).optional(),
})

type Action = (cluster: SimulatedTalos, body: unknown, query: URLSearchParams) => unknown

const ACTIONS: Record<string, Action> = {
  'POST /break': (cluster, body) => {
    const { node, service, ...how } = Break.parse(body)
    cluster.breakService(node, service, given(how))
  },
  'POST /heal': (cluster, body) => {
    const { node, service } = Service.parse(body)
    cluster.healService(node, service)
  },
  'POST /log': (cluster, body) => {
    const { node, service, lines } = Log.parse(body)
    cluster.setLog(node, service, lines)
  },
  'POST /etcd': (cluster, body) => {
    const { node, ...state } = Etcd.parse(body)
    cluster.setEtcd(node, given(state) as EtcdState)
  },
  'POST /power-off': (cluster, body) => cluster.powerOff(Node.parse(body).node),
  'POST /power-on': (cluster, body) => cluster.powerOn(Node.parse(body).node),
  'POST /fail-next': (cluster, body) => {
    const { node, message } = Failure.parse(body)
    cluster.failNext(node, message)
  },
  'POST /delay': (cluster, body) =>
    cluster.delayNext({ ...wire(body), ms: z.object({ ms: z.number().min(0) }).parse(body).ms }),
  'POST /drop-answer': (cluster, body) => cluster.dropAnswer(wire(body)),
  'POST /hang': (cluster, body) => cluster.hang(wire(body)),
  'POST /cut': (cluster) => cluster.cut(),
  'GET /nodes': (cluster) => cluster.nodes(),
  'GET /service': (cluster, _, query) => {
    const { node, service } = Service.parse(Object.fromEntries(query))
    return cluster.serviceState(node, service)
  },
  'GET /etcd': (cluster, _, query) => cluster.etcd(Node.parse(Object.fromEntries(query)).node),
  'GET /changes': (cluster) => cluster.changes(),
  'GET /planted': (cluster) => cluster.planted(),
}

/** Serves a cluster's controls as plain HTTP on 127.0.0.1; `control.ts` is the client. */
export async function serveControl(
  cluster: SimulatedTalos,
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

async function control(cluster: SimulatedTalos, request: IncomingMessage): Promise<unknown> {
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
