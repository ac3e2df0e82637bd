import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { WireFaults } from '../kubernetes/wire-faults.ts'
import type { Oracle } from '../oracle.ts'
import type { KeyPair } from '../tls.ts'
import { authenticate, demandRule, type Role, type Token } from './access.ts'
import { ACTORS } from './acting.ts'
import { ApiError } from './api-error.ts'
import { answerFaults, faultsOf, routeOf } from './check.ts'
import { READERS } from './reading.ts'
import type { State } from './state.ts'
import type { Tasks } from './tasks.ts'

/** One accepted change. */
export interface AcceptedChange {
  at: number
  /** `POST /nodes/pve1/qemu/100/status/start`. */
  call: string
  params: Record<string, string>
  /** USER@REALM!ID of the token. */
  user: string
}

export interface ServerDeps {
  state: State
  tasks: Tasks
  tokens: Record<Role, Token>
  identity: KeyPair
  oracle: Oracle
  faults: WireFaults
  secondMs: number
  accepted(change: AcceptedChange): void
}

const ROOT = '/api2/json'
const BODY_LIMIT = 512 * 1024

/** The API over HTTPS, not yet listening. */
export function createApiServer(deps: ServerDeps): Server {
  const { identity } = deps
  const server = createServer({ cert: identity.certificate, key: identity.key }, (request, response) => {
    serve(deps, request, response).catch((error: unknown) => {
      // The client is gone, or this is a bug of the simulator; either way nobody may wait for an answer.
      if (!response.headersSent) response.writeHead(599, 'the simulator failed')
      response.end(error instanceof Error ? error.message : String(error))
    })
  })
  server.keepAliveTimeout = 60_000
  return server
}

async function serve(deps: ServerDeps, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'https://cluster')
  const method = request.method ?? 'GET'
  const path = pathname.startsWith(ROOT) ? pathname.slice(ROOT.length) : pathname
  const raw = await readBody(request)
  const call = `${method} ${path}`
  const params = Object.fromEntries(method === 'POST' || method === 'PUT' ? new URLSearchParams(raw) : searchParams)
  const met = deps.faults.take(call, false)
  if (met.some((fault) => fault.kind === 'hang')) {
    deps.oracle({ call, params, user: null, status: 0, fault: 'hang' })
    deps.faults.hold(call, response)
    return
  }
  for (const fault of met) if (fault.kind === 'delay') await new Promise((resolve) => setTimeout(resolve, fault.ms))

  const { status, reason, body, user, changed } = answer(deps, request, method, path, params)
  const dropped = met.some((fault) => fault.kind === 'drop-answer')
  deps.oracle({
    call,
    params,
    user,
    status,
    ...(status < 400 ? {} : { reason }),
    changed,
    ...(dropped ? { fault: 'drop-answer' } : {}),
  })
  if (changed && user) deps.accepted({ at: deps.state.now(), call, params, user })
  if (dropped) {
    request.socket.destroy()
    return
  }
  const text = Buffer.from(JSON.stringify(body))
  response.writeHead(status, reason, {
    'content-type': 'application/json;charset=UTF-8',
    'content-length': text.length,
  })
  response.end(text)
}

interface Reply {
  status: number
  reason: string
  body: object
  user: string | null
  changed: boolean
}

function answer(
  deps: ServerDeps,
  request: IncomingMessage,
  method: string,
  path: string,
  params: Record<string, string>,
): Reply {
  let user: string | null = null
  try {
    const token = authenticate(deps.tokens, request.headers.authorization)
    user = token.id
    const { data, total } = run(deps, token, method, path, params)
    const body = { data, ...(total === undefined ? {} : { total }) }
    return { status: 200, reason: 'OK', body, user, changed: method !== 'GET' }
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    const { status, message, errors } = error
    return { status, reason: message, body: { data: null, ...(errors ? { errors } : {}) }, user, changed: false }
  }
}

function run(deps: ServerDeps, token: Token, method: string, path: string, params: Record<string, string>) {
  const route = routeOf(method, path)
  if (!route) throw new ApiError(501, `Method '${method} ${path}' not implemented`)
  const faults = faultsOf(route, params)
  if (Object.keys(faults).length > 0) throw new ApiError(400, 'Parameter verification failed.', faults)
  demandRule(token, route.endpoint.may, route.path)
  const kind = /^\S+ \/nodes\/\{node\}\/(qemu|lxc)\//.exec(route.name)?.[1]
  reach(deps, route.path.node)
  const asked = { ...deps, token, params, path: { ...route.path, ...(kind ? { kind } : {}) } }
  const both = kind ? route.name.replace(`/${kind}/`, '/{kind}/') : route.name
  const handle = READERS[route.name] ?? READERS[both] ?? ACTORS[route.name] ?? ACTORS[both]
  if (!handle) throw new ApiError(501, `Method '${route.name}' not implemented`)
  const found = handle(asked)
  const paged = found !== null && typeof found === 'object' && 'lines' in found && 'total' in found
  const data: unknown = JSON.parse(JSON.stringify(paged ? found.lines : (found ?? null)))
  const wrong = answerFaults(route, data)
  if (wrong.length > 0) throw new Error(`the simulator answers outside its table: ${wrong.join('; ')}`)
  return { data, total: paged ? Number(found.total) : undefined }
}

/** Any node answers for any other, and says 595 when it cannot get through to that. */
function reach({ state }: ServerDeps, name: string | undefined): void {
  if (name === undefined) return
  const node = state.nodes.get(name)
  if (!node)
    throw new ApiError(
      500,
      `hostname lookup '${name}' failed - failed to get address info for: ${name}: Name or service not known`,
    )
  if (!node.online) throw new ApiError(595, 'No route to host')
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size <= BODY_LIMIT) chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}
