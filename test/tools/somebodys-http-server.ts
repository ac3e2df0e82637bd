import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { z } from 'zod'

const Message = z.object({
  id: z.union([z.string(), z.number()]).optional(),
  method: z.string(),
  params: z.record(z.string(), z.unknown()).default({}),
})

export interface SomebodysHttpServer {
  url: string
  /** How many sessions were opened. */
  sessions(): number
  /** The names of the tools that were called, in a session that was known where there are sessions, in order. */
  calls(): string[]
  /** The sessions that there are now are known no longer, as after a restart. */
  forget(): void
  stop(): Promise<void>
}

/**
 * Somebody else's MCP server behind HTTP, written by hand: what it answers to a call is what `answers` says, a JSON text that
 * no library has made well-formed. `forgetful`: it forgets a session as soon as it has published its tools. `sessionless`: it has
 * none, and answers 404 with the address to a call when it has run. `grants`: it says that it knows grants, as our own do.
 */
export async function somebodysHttpServer(
  tools: readonly object[],
  answers: (tool: string) => string,
  { forgetful = false, sessionless = false, grants = false } = {},
): Promise<SomebodysHttpServer> {
  const known = new Set<string>()
  const calls: string[] = []
  let sessions = 0
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      if (request.method !== 'POST') return response.writeHead(405).end()
      const { id, method, params } = Message.parse(JSON.parse(body))
      const session = String(request.headers['mcp-session-id'])
      const say = (result: string, headers = {}) =>
        response
          .writeHead(200, { 'content-type': 'application/json', ...headers })
          .end(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${result}}`)
      if (method === 'initialize') {
        const opened = randomUUID()
        if (!sessionless) known.add(opened)
        sessions += 1
        const { protocolVersion } = params
        const experimental = grants ? { 'watchkeeper/grants': { audience: opened } } : {}
        const capabilities = { tools: {}, experimental }
        const about = { protocolVersion, capabilities, serverInfo: { name: 'notes', version: '1' } }
        return say(JSON.stringify(about), sessionless ? {} : { 'mcp-session-id': opened })
      }
      if (!sessionless && !known.has(session)) return response.writeHead(404).end('This session is not known here.')
      if (id === undefined) return response.writeHead(202).end()
      if (method === 'tools/list') {
        if (forgetful) known.clear()
        return say(JSON.stringify({ tools }))
      }
      calls.push(String(params.name))
      if (sessionless) return response.writeHead(404).end(`Cannot POST ${request.url}`)
      return say(answers(String(params.name)))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    sessions: () => sessions,
    calls: () => [...calls],
    forget: () => known.clear(),
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = ''
  for await (const chunk of request) body += String(chunk)
  return body
}
