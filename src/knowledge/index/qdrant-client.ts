import { QdrantClient } from '@qdrant/js-client-rest'

export interface QdrantClientOptions {
  readonly url: string
  readonly apiKey: string | undefined
  readonly timeoutMs: number
}

/** The client, asking the server it was told and no other. */
export function openClient({ url, apiKey, timeoutMs }: QdrantClientOptions): QdrantClient {
  const { port, protocol } = new URL(url)
  const client = new QdrantClient({
    url,
    // The client takes 6333 for an address without a port, even where a proxy stands on 80 or 443.
    ...(port === '' && { port: protocol === 'https:' ? 443 : 80 }),
    ...(apiKey !== undefined && { apiKey }),
    timeout: timeoutMs,
    checkCompatibility: false,
  })
  staysHere(client)
  return client
}

type Call = (payload: unknown, init?: RequestInit) => Promise<unknown>

/**
 * Makes every request fail on a redirect. The client would follow it, with the key in a header of its own that `fetch` does not take
 * off; it has no setting for that, but each function of its API takes the options of the request.
 */
function staysHere(client: QdrantClient): void {
  const calls = Object.entries(client.api()) as [string, Call][]
  const bound = calls.map(([name, call]): [string, Call] => [
    name,
    Object.assign((payload: unknown, init?: RequestInit) => call(payload, { ...init, redirect: 'error' }), call),
  ])
  Object.assign(client.api(), Object.fromEntries(bound))
}
