import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * Hands every request on with the bearer token added, for clients that cannot send one. Names of other hosts are passed on as
 * they came; only the proxy's own is replaced by the server's, so that the server's check of Host is what answers.
 */
export async function startTokenProxy(target: URL, token: string): Promise<{ url: URL; stop(): Promise<void> }> {
  const server = createServer((incoming, outgoing) => {
    const own = `127.0.0.1:${(server.address() as AddressInfo).port}`
    const swap = (value: string | undefined) =>
      value?.replace(own, target.host).replace(own.replace('127.0.0.1', 'localhost'), target.host)
    const { host, origin, ...rest } = incoming.headers
    const headers = {
      ...rest,
      host: swap(host),
      ...(origin === undefined ? {} : { origin: swap(origin) }),
      authorization: `Bearer ${token}`,
    }
    const passed = request({ ...address(target), path: incoming.url, method: incoming.method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(outgoing)
    })
    passed.on('error', () => outgoing.destroy())
    outgoing.on('close', () => passed.destroy())
    incoming.pipe(passed)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: new URL(target.pathname, `http://127.0.0.1:${port}`),
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      await closed
    },
  }
}

function address({ hostname, port }: URL): { hostname: string; port: string } {
  return { hostname, port }
}
