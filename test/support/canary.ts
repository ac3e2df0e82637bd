import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A listener that nothing of ours may ever reach. */
export interface Canary {
  url: string
  /** Whoever connected: request lines, or `connection` where nothing was said. */
  readonly visits: readonly string[]
  stop(): Promise<void>
}

export async function startCanary(): Promise<Canary> {
  const visits: string[] = []
  const server = createServer((request, response) => {
    visits.push(`${request.method} ${request.url}`)
    response.end('{}')
  })
  server.on('connection', () => visits.push('connection'))
  return { url: await listening(server), visits, stop: () => stopped(server) }
}

/** Sends everybody who asks for anything elsewhere. */
export interface Redirector {
  url: string
  readonly asked: readonly string[]
  stop(): Promise<void>
}

/** Every answer is this status with that Location; the path that was asked for is put behind it. */
export async function startRedirector(to: string, status = 307): Promise<Redirector> {
  const asked: string[] = []
  const server = createServer((request: IncomingMessage, response) => {
    asked.push(`${request.method} ${request.url}`)
    request.resume()
    response.writeHead(status, { location: `${to}${request.url ?? '/'}` }).end()
  })
  return { url: await listening(server), asked, stop: () => stopped(server) }
}

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function stopped(server: Server): Promise<void> {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
}
