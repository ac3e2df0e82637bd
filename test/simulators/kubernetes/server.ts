import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { TLSSocket } from 'node:tls'
import { parse as parseYaml } from 'yaml'
import type { Oracle } from '../oracle.ts'
import type { KeyPair } from '../tls.ts'
import { ROLES, type Role, type User, userOf } from './access.ts'
import { answer, type Call, isDryRun, type Reply } from './api.ts'
import { ApiError, badRequest, unauthorized } from './api-error.ts'
import type { KubeObject } from './objects.ts'
import { decodeReview } from './protobuf.ts'
import { viewOf } from './reading.ts'
import { streamChanges } from './watch.ts'
import type { WireFaults } from './wire-faults.ts'
import type { WriteDeps } from './writing.ts'

/** One accepted change, dry runs excluded. */
export interface AcceptedChange {
  at: number
  /** create, update, patch or delete. */
  verb: string
  path: string
  /** The newest id in the annotation `watchkeeper/effects` of the object afterwards. */
  effect: string | null
  body: unknown
  /** False when the write was accepted and altered nothing. */
  changed: boolean
}

export interface ServerDeps extends WriteDeps {
  oracle: Oracle
  faults: WireFaults
  tokens: Map<string, Role>
  authority: string
  identity: KeyPair
  accepted(change: AcceptedChange): void
}

const VERBS: Record<string, string> = { POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' }
const BODY_LIMIT = 3 * 1024 * 1024

/** The API over HTTPS, not yet listening. Client certificates are asked for and optional, as on a real API server. */
export function createApiServer(deps: ServerDeps): Server {
  const { identity, authority } = deps
  const options = {
    cert: identity.certificate,
    key: identity.key,
    ca: authority,
    requestCert: true,
    rejectUnauthorized: false,
  }
  const server = createServer(options, (request, response) => {
    serve(deps, request, response).catch((error: unknown) => {
      // The client is gone, or this is a bug of the simulator; either way nobody may wait for an answer.
      if (!response.headersSent) response.writeHead(500)
      response.end(error instanceof Error ? error.message : String(error))
    })
  })
  server.keepAliveTimeout = 60_000
  return server
}

async function serve(deps: ServerDeps, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname: path, searchParams: query } = new URL(request.url ?? '/', 'https://cluster')
  if (/^\/(healthz|readyz|livez)(\/|$)/.test(path)) {
    response.writeHead(200, { 'content-type': 'text/plain' }).end('ok')
    return
  }
  const method = request.method ?? 'GET'
  const raw = await readBody(request)
  // Deletions and evictions say it in the body.
  const dryRun = isDryRun(query) || /"dryRun":\s*\[\s*"All"/.test(raw?.toString() ?? '')
  const met = deps.faults.take(`${method} ${path}`, dryRun)
  const entry = { call: `${method} ${path}`, query: Object.fromEntries(query) }
  if (met.some((fault) => fault.kind === 'hang')) {
    deps.oracle({
      ...entry,
      user: null,
      body: raw?.toString(),
      status: 0,
      dryRun,
      changed: false,
      effect: null,
      fault: 'hang',
    })
    deps.faults.hold(entry.call, response)
    return
  }
  for (const fault of met) if (fault.kind === 'delay') await new Promise((resolve) => setTimeout(resolve, fault.ms))

  const user = authenticate(deps.tokens, request)
  const { reply, body } = handle(deps, request, { method, path, query, raw, user })
  const effect = effectOf(reply.written?.object)
  const changed = reply.written?.changed ?? false
  const dropped = met.some((fault) => fault.kind === 'drop-answer')
  deps.oracle({
    ...entry,
    user: user?.name ?? null,
    ...(method === 'GET' ? {} : { body }),
    status: reply.status,
    dryRun,
    changed,
    effect,
    ...(dropped ? { fault: 'drop-answer' } : {}),
  })
  if (reply.written && !reply.written.dryRun) {
    deps.accepted({ at: deps.now(), verb: VERBS[method] ?? method, path, effect, body, changed })
  }
  if (dropped) {
    request.socket.destroy()
    return
  }
  if (reply.watch)
    return streamChanges(deps.store, reply.watch, query, viewOf(request.headers.accept, query), response, deps.now)
  const text = Buffer.from(reply.text)
  response.writeHead(reply.status, {
    'content-type': reply.contentType ?? 'application/json',
    'content-length': text.length,
  })
  response.end(text)
}

interface Received {
  method: string
  path: string
  query: URLSearchParams
  raw: Buffer | undefined
  user: User | undefined
}

function handle(deps: ServerDeps, request: IncomingMessage, received: Received): { reply: Reply; body: unknown } {
  const { raw, user } = received
  const contentType = (request.headers['content-type'] ?? 'application/json').split(';')[0]?.trim() ?? ''
  const { accept, 'user-agent': userAgent } = request.headers
  let body: unknown = raw?.toString()
  try {
    if (!user) throw unauthorized()
    if (raw === undefined) throw new ApiError(413, 'RequestEntityTooLarge', `limit is ${BODY_LIMIT}`)
    body = parseBody(raw, contentType)
    const call: Call = { ...received, user, accept, contentType, userAgent, body }
    return { reply: answer(deps, call), body }
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    return { reply: { status: error.code, text: JSON.stringify(error.status()) }, body }
  }
}

function parseBody(raw: Buffer, contentType: string): unknown {
  if (raw.length === 0) return undefined
  try {
    if (contentType === 'application/vnd.kubernetes.protobuf') return decodeReview(raw)
    return contentType.endsWith('yaml') ? parseYaml(raw.toString()) : JSON.parse(raw.toString())
  } catch (error) {
    if (error instanceof ApiError) throw error
    throw badRequest(`error decoding the body: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** The body; undefined when it is larger than an API server takes. */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size <= BODY_LIMIT) chunks.push(chunk)
  }
  return size <= BODY_LIMIT ? Buffer.concat(chunks) : undefined
}

/** Who calls: by bearer token, or by the common name of a certificate of this cluster's authority. */
function authenticate(tokens: Map<string, Role>, request: IncomingMessage): User | undefined {
  const bearer = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1]
  if (bearer !== undefined) {
    const role = tokens.get(bearer)
    return role && userOf(role)
  }
  const socket = request.socket as TLSSocket
  if (!socket.authorized) return undefined
  const name = socket.getPeerCertificate().subject?.CN
  return ROLES.map(userOf).find((user) => user.name === name)
}

function effectOf(object: KubeObject | undefined): string | null {
  const newest = object?.metadata.annotations?.['watchkeeper/effects']?.split(',')[0]
  return newest ? newest : null
}
