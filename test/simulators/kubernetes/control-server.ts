import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { z } from 'zod'
import type { SimulatedCluster } from './cluster.ts'
import { FAULTS } from './faults.ts'
import type { Draft } from './objects.ts'
import type { WireMatch } from './wire-faults.ts'
import type { WorkloadSpec } from './workload-spec.ts'

const Key = z.string().regex(/^[^/]+\/[^/]+$/, 'write the workload as namespace/name')
const Named = z.object({ workload: Key })
const Strings = z.record(z.string(), z.string())
const Workload = z.object({
  namespace: z.string(),
  name: z.string(),
  kind: z.enum(['Deployment', 'StatefulSet', 'DaemonSet']).optional(),
  replicas: z.int().min(0).optional(),
  image: z.string().optional(),
  memoryLimit: z.string().optional(),
  cpuLimit: z.string().optional(),
  labels: Strings.optional(),
  annotations: Strings.optional(),
  env: z.array(z.looseObject({ name: z.string() })).optional(),
  prefers: z.string().optional(),
})
const Node = z.object({ name: z.string(), closed: z.boolean().default(false) })
const Whole = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string() }),
})
const Break = Named.extend({
  fault: z.enum(FAULTS as [string, ...string[]]),
  needs: z.union([z.string(), z.number()]).optional(),
})
const Logs = Named.extend({ current: z.array(z.string()).optional(), previous: z.array(z.string()).optional() })
const Wire = z.object({
  match: z.string(),
  flags: z.string().default(''),
  dryRun: z.boolean().optional(),
  times: z.int().min(1).optional(),
})

type Action = (cluster: SimulatedCluster, body: unknown, query: URLSearchParams) => unknown

const ACTIONS: Record<string, Action> = {
  'POST /workloads': (cluster, body) => cluster.addWorkload(given(Workload.parse(body)) as unknown as WorkloadSpec),
  'DELETE /workloads': (cluster, body) => cluster.removeWorkload(Named.parse(body).workload),
  'POST /nodes': (cluster, body) => {
    const { name, closed } = Node.parse(body)
    cluster.addNode(name, { closed })
  },
  'POST /objects': (cluster, body) => cluster.addObject(Whole.parse(body) as unknown as Draft),
  'POST /break': (cluster, body) => {
    const { workload, fault, needs } = Break.parse(body)
    const chosen = FAULTS.find((known) => known === fault)
    if (chosen) cluster.breakWorkload(workload, chosen, needs === undefined ? {} : { needs })
  },
  'POST /heal': (cluster, body) => cluster.heal(Named.parse(body).workload),
  'POST /logs': (cluster, body) => {
    const { workload, ...logs } = Logs.parse(body)
    cluster.setLogs(workload, given(logs))
  },
  'POST /delay': (cluster, body) =>
    cluster.delayNext({ ...wire(body), ms: z.object({ ms: z.number().min(0) }).parse(body).ms }),
  'POST /drop-answer': (cluster, body) => cluster.dropAnswer(wire(body)),
  'POST /hang': (cluster, body) => cluster.hang(wire(body)),
  'GET /firing': (cluster) => cluster.firing(),
  'GET /changes': (cluster) => cluster.changes(),
  'GET /planted': (cluster) => cluster.planted(),
  'GET /restarts': (cluster, _, query) => ({ restarts: cluster.restarts(Key.parse(query.get('workload'))) }),
}

/** Serves a cluster's controls as plain HTTP on 127.0.0.1; `control.ts` is the client. */
export async function serveControl(
  cluster: SimulatedCluster,
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

async function control(cluster: SimulatedCluster, request: IncomingMessage): Promise<unknown> {
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
