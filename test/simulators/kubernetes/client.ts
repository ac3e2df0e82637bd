import { Agent, request } from 'undici'
import type { Role } from './access.ts'
import type { SimulatedCluster } from './cluster.ts'
import type { Metadata } from './objects.ts'

/** What tests look into of objects, lists and Status objects alike; a log is a string at runtime. */
export interface Answered {
  kind: string
  metadata: Metadata & { continue?: string }
  items: Answered[]
  spec: Record<string, unknown>
  status: Record<string, unknown>
  data: Record<string, string>
  message: string
  reason: string
  code: number
}

export interface ApiAnswer {
  status: number
  body: Answered
}

/** A bare client for tests: one request as a role, the answer parsed where it is JSON. */
export function clientOf(cluster: SimulatedCluster, role: Role | 'nobody') {
  const dispatcher = new Agent({ connect: { ca: cluster.certificate } })
  const authorization = `Bearer ${role === 'nobody' ? 'wrong' : cluster.token(role)}`

  async function call(method: string, path: string, body?: unknown, contentType?: string): Promise<ApiAnswer> {
    const headers = { authorization, 'content-type': contentType ?? 'application/json' }
    const sent = body === undefined ? {} : { body: JSON.stringify(body) }
    const response = await request(`${cluster.url}${path}`, { method, headers, dispatcher, ...sent })
    const text = await response.body.text()
    const json = response.headers['content-type'] === 'application/json'
    return { status: response.statusCode, body: (json ? JSON.parse(text) : text) as Answered }
  }

  return {
    call,
    get: (path: string) => call('GET', path),
    patch: (path: string, body: unknown) => call('PATCH', path, body, 'application/strategic-merge-patch+json'),
    close: () => dispatcher.destroy(),
  }
}
