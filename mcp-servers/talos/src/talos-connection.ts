import type { Client, Metadata } from '@grpc/grpc-js'
import type { Credential } from './talos-config.ts'
import { CODE, codeOf, errorOfStatus, unreachable } from './talos-errors.ts'
import { loadWire, type Wire } from './wire/codec.ts'
import type { Method } from './wire/methods.ts'

/** How long an endpoint may take to let us in, before the next one is tried (ms). */
const CONNECT = 4_000
const MESSAGE = 32 * 1024 * 1024

const CHANNEL = {
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.min_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 2_000,
  // A machine that lost its power says nothing: without these a call would wait for the kernel's own patience.
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 5_000,
  'grpc.max_receive_message_length': MESSAGE,
}

export type Call = {
  method: Method
  request?: object
  /** The node to be asked, by address; left out: whichever endpoint answers. */
  node?: string | undefined
  signal: AbortSignal
  /** A call that changes something is sent once: no other endpoint is tried after it went out. */
  changing?: boolean
}

/** Calls of one cluster with one credential. Connects when it is first asked something. */
export type Connection = {
  unary<T>(call: Call): Promise<T>
  /** The messages of a stream until its end; breaking out of the loop, and the signal, end the call. */
  stream<T>(call: Call): AsyncGenerator<T>
  wire(): Promise<Wire>
}

type Grpc = typeof import('@grpc/grpc-js')
type Opened = { grpc: Grpc; wire: Wire; clients: { endpoint: string; client: Client }[] }

/**
 * gRPC over mutual TLS to the endpoints of a context. Reads go to the endpoint that answered last, and on to the next when
 * it cannot be reached; the node a call is for travels in the `node` metadata, as apid wants it.
 */
export function connect(
  cluster: string,
  endpoints: readonly string[],
  { ca, certificate, key, access }: Credential,
): Connection {
  let opening: Promise<Opened> | undefined
  let preferred = 0

  async function open(): Promise<Opened> {
    const [grpc, wire] = await Promise.all([import('@grpc/grpc-js'), loadWire()])
    const credentials = grpc.credentials.createSsl(Buffer.from(ca), Buffer.from(key), Buffer.from(certificate))
    const clients = endpoints.map((endpoint) => ({ endpoint, client: new grpc.Client(endpoint, credentials, CHANNEL) }))
    return { grpc, wire, clients }
  }

  async function opened(): Promise<Opened> {
    opening ??= open()
    return opening
  }

  /** The messages of one call, from the first endpoint that lets it in. A unary call is a stream of one. */
  async function* messages<T>({ method, request = {}, node, signal, changing = false }: Call): AsyncGenerator<T> {
    const { grpc, wire, clients } = await opened()
    const place = { method, node: node ?? cluster, cluster, organizations: access.organizations }
    const metadata = new grpc.Metadata()
    if (node !== undefined) metadata.set('node', node)
    for (let tried = 0; ; tried += 1) {
      const at = (preferred + tried) % clients.length
      const { client = undefined, endpoint = '' } = clients[at] ?? {}
      if (!client) throw unreachable(cluster, cluster, 'it has no endpoints')
      let received = false
      try {
        for await (const message of attempt<T>({ grpc, wire, client, method, request, metadata, signal })) {
          received = true
          preferred = at
          yield message
        }
        preferred = at
        return
      } catch (error) {
        signal.throwIfAborted()
        const lost = error instanceof NoEntry || codeOf(error) === CODE.unavailable
        // A change may have been carried out although its answer was lost: it is never sent again.
        const again = lost && !received && tried + 1 < clients.length && (!changing || error instanceof NoEntry)
        if (again) continue
        if (error instanceof NoEntry) throw unreachable(node ?? endpoint, cluster, 'ETIMEDOUT', error)
        throw errorOfStatus(error, place)
      }
    }
  }

  return {
    async unary<T>(call: Call): Promise<T> {
      let answer: { message: T } | undefined
      for await (const message of messages<T>(call)) answer = { message }
      if (answer) return answer.message
      throw unreachable(call.node ?? cluster, cluster, 'it ended the call without an answer')
    },
    stream: messages,
    wire: async () => (await opened()).wire,
  }
}

/** The endpoint did not let us in at all. */
class NoEntry extends Error {}

type Attempt = {
  grpc: Grpc
  wire: Wire
  client: Client
  method: Method
  request: object
  metadata: Metadata
  signal: AbortSignal
}

async function* attempt<T>({ grpc, wire, client, method, request, metadata, signal }: Attempt): AsyncGenerator<T> {
  signal.throwIfAborted()
  const { path, serialize, deserialize } = wire.method(method)
  // One way for both kinds of call: a unary response is a stream of one message on the wire.
  const call = client.makeServerStreamRequest(path, serialize, deserialize, request, metadata, {})
  let noEntry = false
  const cancel = () => call.cancel()
  const entry = setTimeout(() => {
    if (client.getChannel().getConnectivityState(false) === grpc.connectivityState.READY) return
    noEntry = true
    cancel()
  }, CONNECT)
  signal.addEventListener('abort', cancel, { once: true })
  // Cancelling makes the stream fail once more after nobody listens; that must not end the process.
  call.on('error', () => {})
  try {
    for await (const message of call) {
      clearTimeout(entry)
      yield message as T
    }
  } catch (error) {
    if (noEntry) throw new NoEntry('no connection', { cause: error })
    throw error
  } finally {
    clearTimeout(entry)
    signal.removeEventListener('abort', cancel)
    cancel()
  }
}
