import { ENUMS, MESSAGES, ONEOFS } from './messages.ts'
import { METHODS, type Method, type MethodSpec } from './methods.ts'

export type Codec = {
  serialize: (message: object) => Buffer
  deserialize: (bytes: Buffer) => object
}

export type Wire = {
  method(name: Method): Codec & { path: string }
  /** Reads a message that came inside another, such as the payload of an event; undefined for an unknown type. */
  decode(type: string, bytes: Buffer): object | undefined
}

type Nested = { nested: Record<string, unknown> }

/**
 * The tables of messages and methods as encoders and decoders. 64-bit numbers come as decimal strings (etcd's member ids do
 * not fit into a double), enums by name, absent fields with their defaults.
 *
 * Imports protobuf only when it is called: a server that nobody asks anything does without its memory.
 */
export async function loadWire(): Promise<Wire> {
  const { fromJSON } = await import('@grpc/proto-loader')
  const options = { keepCase: true, longs: String, enums: String, defaults: true, arrays: true, oneofs: true }
  const loaded = fromJSON(descriptor() as Parameters<typeof fromJSON>[0], options)
  return {
    method(name) {
      const [service = '', method = ''] = name.split('/')
      const definition = Reflect.get(loaded[service] ?? {}, method) as {
        requestSerialize: Codec['serialize']
        responseDeserialize: Codec['deserialize']
      }
      return {
        path: `/${name}`,
        serialize: definition.requestSerialize,
        deserialize: definition.responseDeserialize,
      }
    },
    decode(type, bytes) {
      const found = loaded[type]
      if (!found || !('deserialize' in found) || typeof found.deserialize !== 'function') return undefined
      return (found.deserialize as Codec['deserialize'])(bytes)
    },
  }
}

/** The tables in protobuf's own JSON form. */
function descriptor(): Nested {
  const root: Nested = { nested: {} }
  for (const [type, fields] of Object.entries(MESSAGES)) {
    const oneof = ONEOFS[type]
    Object.assign(place(root, type), {
      fields: Object.fromEntries(Object.entries(fields).map(([name, [id, kind]]) => [name, field(id, kind)])),
      ...(oneof ? { oneofs: { [oneof.name]: { oneof: oneof.fields } } } : {}),
    })
  }
  for (const [type, values] of Object.entries(ENUMS)) Object.assign(place(root, type), { values })
  for (const [name, spec] of Object.entries(METHODS) as [Method, MethodSpec][]) {
    const [service = '', method = ''] = name.split('/')
    const at = place(root, service) as { methods?: Record<string, unknown> }
    at.methods ??= {}
    at.methods[method] = {
      requestType: spec.request,
      responseType: spec.response,
      ...(spec.stream ? { responseStream: true } : {}),
    }
  }
  return root
}

function field(id: number, kind: string): object {
  return kind.endsWith('[]') ? { rule: 'repeated', type: kind.slice(0, -2), id } : { type: kind, id }
}

/** The node of the tree for a dotted name, made on the way. */
function place(root: Nested, name: string): object {
  let at: { nested?: Record<string, unknown> } = root
  for (const part of name.split('.')) {
    at.nested ??= {}
    at.nested[part] ??= {}
    at = at.nested[part] as { nested?: Record<string, unknown> }
  }
  return at
}
