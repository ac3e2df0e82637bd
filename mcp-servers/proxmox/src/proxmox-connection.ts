import type { TLSSocket } from 'node:tls'
import { CallerError, ToolError, UpstreamError } from '@watchkeeper/mcp-shared'
import type { buildConnector, Pool } from 'undici'
import type { Params } from './cluster.ts'
import type { TokenAccess, Trust } from './proxmox-config.ts'
import { codeOf, errorOfStatus, unreachable } from './proxmox-errors.ts'

export type ApiRequest = {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Below `/api2/json`, every part encoded. */
  path: string
  params?: Params
  /** What it is about, for error texts: `guest 100`. */
  about: string
  node?: string
  signal: AbortSignal
}

export type ApiAnswer = { data: unknown; total: number | undefined }

/** Requests to the API of one cluster with one token. */
export type Connection = { send(request: ApiRequest): Promise<ApiAnswer> }

export type ConnectionOptions = {
  url: string
  trust: Trust
  token: TokenAccess
  role: 'reader' | 'operator'
  cluster: string
}

const MAX_ANSWER = 16 * 1_048_576

/**
 * Talks to `/api2/json`. HTTP/1.1 only, because HTTP/2 has no reason phrase, in which Proxmox VE says what is wrong.
 * Connections are made when first needed and kept; a read on a kept one that broke is sent once more, a change never.
 */
export function connect(options: ConnectionOptions): Connection {
  const { url, token, role, cluster } = options
  let pool: Promise<Pool> | undefined

  async function once(request: ApiRequest): Promise<ApiAnswer> {
    const { method, path, params = {}, about, node, signal } = request
    pool ??= openPool(options)
    const form = formOf(params)
    const inBody = method === 'POST' || method === 'PUT'
    const open = await pool
    signal.throwIfAborted()
    const response = await open.request({
      method,
      path: `${new URL(url).pathname.replace(/\/+$/, '')}/api2/json${path}${!inBody && form ? `?${form}` : ''}`,
      headers: {
        authorization: `PVEAPIToken=${token.id}=${token.secret()}`,
        accept: 'application/json',
        'user-agent': 'watchkeeper-mcp-proxmox',
        ...(inBody ? { 'content-type': 'application/x-www-form-urlencoded' } : {}),
      },
      body: inBody ? form : null,
      signal,
    })
    const body = await bounded(response.body)
    const { statusCode: status, statusText: reason } = response
    if (status < 200 || status >= 300)
      throw errorOfStatus(status, reason, body, { about, role, token: token.id, cluster, node })
    return parse(body, cluster)
  }

  return {
    async send(request) {
      try {
        return await once(request)
      } catch (error) {
        request.signal.throwIfAborted()
        const broke = ['ECONNRESET', 'UND_ERR_SOCKET', 'EPIPE'].includes(codeOf(error))
        if (error instanceof ToolError || request.method !== 'GET' || !broke) throw unreachable(error, cluster)
        return await once(request).catch((again: unknown) => {
          request.signal.throwIfAborted()
          throw unreachable(again, cluster)
        })
      }
    },
  }
}

async function openPool({ url, trust, cluster }: ConnectionOptions): Promise<Pool> {
  // Loaded with the first request: a server that waits for one does without its memory.
  const { buildConnector: connectorOf, Pool } = await import('undici')
  const connector =
    'fingerprint' in trust
      ? pinned(connectorOf, trust.fingerprint, cluster)
      : connectorOf({ allowH2: false, timeout: 10_000, ...(trust.ca === undefined ? {} : { ca: trust.ca }) })
  const { origin } = new URL(url)
  return new Pool(origin, { connect: connector, connections: 16, allowH2: false, headersTimeout: 0, bodyTimeout: 0 })
}

/**
 * A connection to a certificate known by its SHA-256 fingerprint, whoever signed it. The pin takes the place of the chain:
 * the socket is handed on, and a request with the token written, only once the certificate was compared.
 */
function pinned(connectorOf: typeof buildConnector, fingerprint: string, cluster: string): buildConnector.connector {
  // A resumed session carries no certificate to compare, so that none is kept.
  const open = connectorOf({ allowH2: false, timeout: 10_000, maxCachedSessions: 0, rejectUnauthorized: false })
  return (options, callback) => {
    open(options, (...[error, socket]) => {
      if (error !== null) return callback(error, null)
      const presented = (socket as TLSSocket).getPeerCertificate().fingerprint256 ?? ''
      if (plainHex(presented) === plainHex(fingerprint) && presented !== '') return callback(null, socket)
      socket.destroy()
      const wrong = `The API of "${cluster}" shows a certificate with the fingerprint ${presented || 'none'}, which is not the configured one: nothing was sent to it. If the certificate was renewed, set the new fingerprint.`
      callback(new UpstreamError('unreachable', wrong), null)
    })
  }
}

function plainHex(fingerprint: string): string {
  return fingerprint.replaceAll(':', '').toLowerCase()
}

function formOf(params: Params): string {
  const form = new URLSearchParams()
  for (const [name, value] of Object.entries(params))
    if (value !== undefined) form.set(name, typeof value === 'boolean' ? String(Number(value)) : String(value))
  return form.toString()
}

async function bounded(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.length
    if (size > MAX_ANSWER) throw new CallerError('invalid', 'The answer of Proxmox VE is too large: ask for less.')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function parse(body: string, cluster: string): ApiAnswer {
  try {
    const { data, total } = JSON.parse(body) as { data?: unknown; total?: unknown }
    return { data, total: typeof total === 'number' ? total : undefined }
  } catch (cause) {
    throw new UpstreamError('unreachable', `The API of "${cluster}" answered something other than JSON.`, cause)
  }
}
