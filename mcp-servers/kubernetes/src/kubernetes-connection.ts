import http from 'node:http'
import https from 'node:https'
import { text } from 'node:stream/consumers'
import type { KubeConfig } from '@kubernetes/client-node'
import { CredentialError, ToolError, UpstreamError } from '@watchkeeper/mcp-shared'
import { errorOfStatus, unreachable } from './kubernetes-errors.ts'

export type ApiRequest = {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  path: string
  query?: Readonly<Record<string, string | undefined>>
  accept?: string
  contentType?: string
  body?: object
  signal: AbortSignal
  /** What it is about, for error texts: `deployment/cart in shop`. */
  about: string
}

/** Requests to one API server with one credential. */
export type Connection = {
  json<T>(request: ApiRequest): Promise<T>
  /** The raw body of a 200, for callers that bound it themselves. Throws like `json`. */
  stream(request: ApiRequest): Promise<http.IncomingMessage>
}

/** Everything an answer may hold before it is given up: 500 large pods. */
const MAX_JSON = 64 * 1_048_576
const JSON_TYPE = 'application/json'

/**
 * Talks to the API server of a kubeconfig's current context, with the credential as client-node reads it. The request
 * itself is Node's own, because client-node makes a new TLS connection for every call and hides Table answers.
 */
export function connect(config: KubeConfig, role: 'reader' | 'operator'): Connection {
  const agents = keptAgents()

  async function send(request: ApiRequest): Promise<http.IncomingMessage> {
    const { method, path, query = {}, accept = JSON_TYPE, contentType = JSON_TYPE, body, signal } = request
    const base = (config.getCurrentCluster()?.server ?? '').replace(/\/+$/, '')
    const set = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined)
    const url = new URL(`${base}${path}${set.length > 0 ? `?${new URLSearchParams(set)}` : ''}`)
    const credential: https.RequestOptions = { headers: {} }
    await config.applyToHTTPSOptions(credential).catch((error: unknown) => {
      throw new CredentialError(
        `The ${role} credential of "${config.getCurrentContext()}" cannot be read: ${codeOf(error)}.`,
        error,
      )
    })
    const payload = body === undefined ? undefined : JSON.stringify(body)
    const headers = {
      ...credential.headers,
      accept,
      'user-agent': 'watchkeeper-mcp-kubernetes',
      ...(payload === undefined ? {} : { 'content-type': contentType, 'content-length': Buffer.byteLength(payload) }),
    }
    signal.throwIfAborted()
    const agent = config.getCurrentCluster()?.proxyUrl ? credential.agent : agents(url, credential)
    const auth = credential.auth ? { auth: credential.auth } : {}
    return new Promise((resolve, reject) => {
      const module = url.protocol === 'http:' ? http : https
      const sent = module.request(url, { method, headers, agent, signal, ...auth }, resolve)
      sent.on('error', reject)
      sent.end(payload)
    })
  }

  async function stream(request: ApiRequest): Promise<http.IncomingMessage> {
    const response = await sendOnceMore(request)
    const status = response.statusCode ?? 0
    if (status >= 200 && status < 300) return response
    const body = await bodyOf(response, MAX_JSON, request.signal).catch(() => '')
    throw errorOfStatus(status, body, { about: request.about, role, context: config.getCurrentContext() })
  }

  /** A kept connection may have been closed by the other side: a read is then sent once more, a change never. */
  async function sendOnceMore(request: ApiRequest): Promise<http.IncomingMessage> {
    try {
      return await send(request)
    } catch (error) {
      if (error instanceof ToolError) throw error
      request.signal.throwIfAborted()
      if (request.method !== 'GET' || codeOf(error) !== 'ECONNRESET')
        throw unreachable(error, config.getCurrentContext())
      return send(request).catch((again: unknown) => {
        request.signal.throwIfAborted()
        throw unreachable(again, config.getCurrentContext())
      })
    }
  }

  return {
    stream,
    async json<T>(request: ApiRequest) {
      const body = await bodyOf(await stream(request), MAX_JSON, request.signal)
      try {
        // The API server's own shapes: every field of `T` is optional and read as such.
        return JSON.parse(body) as T
      } catch (cause) {
        throw new UpstreamError(
          'unreachable',
          `The API server of "${config.getCurrentContext()}" answered something other than JSON.`,
          cause,
        )
      }
    },
  }
}

async function bodyOf(response: http.IncomingMessage, max: number, signal: AbortSignal): Promise<string> {
  let size = 0
  response.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size > max)
      response.destroy(new ToolError('invalid', 'The answer of the API server is too large: ask for less.'))
  })
  try {
    return await text(response)
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof ToolError) throw error
    throw new UpstreamError(
      'unreachable',
      'The connection to the API server broke before its answer was complete.',
      error,
    )
  }
}

/** Connections are kept open, and made anew when the certificates in the kubeconfig's files have been renewed. */
function keptAgents() {
  let kept: { key: string; agent: http.Agent } | undefined
  return function agentFor(
    url: URL,
    { ca, cert, key, rejectUnauthorized, servername }: https.RequestOptions,
  ): http.Agent {
    const identity = [url.protocol, ca, cert, key, rejectUnauthorized, servername].map(String).join('\n')
    if (kept?.key === identity) return kept.agent
    kept?.agent.destroy()
    const options = { keepAlive: true, maxSockets: 32 }
    const tls = Object.fromEntries(
      Object.entries({ ca, cert, key, rejectUnauthorized, servername }).filter(([, value]) => value !== undefined),
    )
    const agent = url.protocol === 'http:' ? new http.Agent(options) : new https.Agent({ ...options, ...tls })
    kept = { key: identity, agent }
    return agent
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'it failed'
}
