import {
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  status,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js'
import type { WireFaults } from '../kubernetes/wire-faults.ts'
import type { Oracle } from '../oracle.ts'
import type { KeyPair } from '../tls.ts'
import { allowed } from './access.ts'
import { type Api, type Call, STREAMING, UNARY } from './api.ts'
import { GrpcError } from './grpc-error.ts'
import { isUp, type SimulatedNode } from './node.ts'
import type { Message } from './proto.ts'

/** One accepted call that changed something; rehearsals are not among them. */
export interface AcceptedChange {
  at: number
  /** `Reboot`, `ServiceRestart` …. */
  call: string
  node: string
  request: Message
}

export interface ServerDeps {
  api: Api
  oracle: Oracle
  faults: WireFaults
  authority: string
  identity: KeyPair
  accepted(change: AcceptedChange): void
  /** Ends every connection at once, as a cut cable does. */
  cut(): void
}

type AnyCall = ServerUnaryCall<Message, Message> | ServerWritableStream<Message, Message>

const CHANGING =
  /^(?:ApplyConfiguration|EtcdSnapshot|EtcdDefragment|Reboot|Rollback|Service(?:Start|Stop|Restart)|Shutdown|Upgrade)$/

/** The API over gRPC with mutual TLS, bound to a free port of 127.0.0.1. Without a client certificate there is no handshake. */
export async function startServer(deps: ServerDeps): Promise<{ port: number; stop(): void }> {
  const { api, authority, identity } = deps
  const server = new Server()
  for (const { name, definition } of api.protos.services) {
    const handlers = Object.keys(definition).map((method) => [method, handler(deps, `${name}/${method}`)])
    server.addService(definition, Object.fromEntries(handlers) as UntypedServiceImplementation)
  }
  const pair = { private_key: Buffer.from(identity.key), cert_chain: Buffer.from(identity.certificate) }
  const credentials = ServerCredentials.createSsl(Buffer.from(authority), [pair], true)
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', credentials, (error, bound) => (error ? reject(error) : resolve(bound)))
  })
  return { port, stop: () => server.forceShutdown() }
}

function handler(deps: ServerDeps, path: string) {
  const streaming = STREAMING[path]
  if (streaming)
    return (stream: ServerWritableStream<Message, Message>) => {
      void answerStream(deps, path, stream)
    }
  return (call: ServerUnaryCall<Message, Message>, done: sendUnaryData<Message>) => {
    answerUnary(deps, path, call).then(
      (message) => done(null, message),
      (error: unknown) => done(toStatus(error)),
    )
  }
}

async function answerUnary(deps: ServerDeps, path: string, call: ServerUnaryCall<Message, Message>): Promise<Message> {
  const unary = UNARY[path]
  if (!unary) throw new GrpcError('UNIMPLEMENTED', `unknown method ${path}`)
  return carryOut(deps, path, call, (received) => unary(deps.api, received))
}

async function answerStream(deps: ServerDeps, path: string, stream: ServerWritableStream<Message, Message>) {
  try {
    const messages = await carryOut(deps, path, stream, (received) => STREAMING[path]?.(deps.api, received))
    for await (const message of messages ?? []) {
      if (stream.cancelled) return
      if (!stream.write(message)) await new Promise((resolve) => stream.once('drain', resolve))
    }
    stream.end()
  } catch (error) {
    stream.emit('error', toStatus(error))
  }
}

/** What happens to every call: the faults set for it, the role, the node it is for, and one line for the oracle. */
async function carryOut<T>(deps: ServerDeps, path: string, call: AnyCall, act: (call: Call) => T): Promise<T> {
  const { api, oracle, faults } = deps
  const method = path.split('/')[1] ?? ''
  const organizations = organizationsOf(call)
  const target = String(call.metadata.get('node')[0] ?? '')
  const name = nodeOf(api.nodes, target)?.name ?? target
  const entry = { call: path, node: name || null, organizations, params: summarised(call.request) }
  const met = faults.take(`${method} ${name}`, call.request.dry_run === true)
  if (met.some(({ kind }) => kind === 'hang')) {
    oracle({ ...entry, code: null, fault: 'hang' })
    await new Promise((_, reject) => {
      call.on('cancelled', () => {
        oracle({ ...entry, code: 'CANCELLED', cancelled: true })
        reject(new GrpcError('CANCELLED', 'the client went away'))
      })
    })
  }
  for (const fault of met) if (fault.kind === 'delay') await new Promise((resolve) => setTimeout(resolve, fault.ms))
  const dropped = met.some(({ kind }) => kind === 'drop-answer')
  try {
    if (!allowed(organizations, method)) throw new GrpcError('PERMISSION_DENIED', 'not authorized')
    if (call.metadata.get('nodes').length > 0 && path.startsWith('cosi.'))
      throw new GrpcError('INVALID_ARGUMENT', 'one-2-many proxying is not supported')
    const node = route(api.nodes, target)
    const ended = new AbortController()
    call.on('cancelled', () => ended.abort())
    const result = act({ node, request: call.request, organizations, signal: ended.signal })
    oracle({ ...entry, code: 'OK', ...(dropped ? { fault: 'drop-answer' } : {}) })
    if (CHANGING.test(method) && call.request.dry_run !== true)
      deps.accepted({ at: api.now(), call: method, node: node.name, request: summarised(call.request) })
    if (dropped) deps.cut()
    return result
  } catch (error) {
    oracle({ ...entry, code: error instanceof GrpcError ? status[error.code] : 'UNKNOWN' })
    throw error
  }
}

function nodeOf(nodes: readonly SimulatedNode[], target: string): SimulatedNode | undefined {
  return nodes.find(({ address, name }) => address === target || name === target)
}

/** As apid: the named node, or without one any control-plane node that is up. */
function route(nodes: readonly SimulatedNode[], target: string): SimulatedNode {
  const found = target === '' ? nodes.find((node) => node.controlPlane && isUp(node)) : nodeOf(nodes, target)
  if (!nodes.some((node) => node.controlPlane && isUp(node)))
    throw new GrpcError('UNAVAILABLE', 'connection error: connect: connection refused')
  if (found && isUp(found)) return found
  const host = found?.address ?? target
  throw new GrpcError(
    'UNAVAILABLE',
    `connection error: desc = "transport: Error while dialing: dial tcp ${host}:50000: connect: no route to host"`,
  )
}

function organizationsOf(call: AnyCall): string[] {
  const subject = call.getAuthContext().sslPeerCertificate?.subject as { O?: string | string[] } | undefined
  return [subject?.O ?? []].flat()
}

/** Bytes by their length: a configuration holds secrets, and the oracle is a file. */
function summarised(request: Message): Message {
  return Object.fromEntries(
    Object.entries(request).map(([name, value]) => [name, Buffer.isBuffer(value) ? `${value.length} bytes` : value]),
  )
}

function toStatus(error: unknown): { code: number; details: string } {
  if (error instanceof GrpcError) return { code: error.code, details: error.details }
  return { code: status.INTERNAL, details: error instanceof Error ? error.message : String(error) }
}
