import { join } from 'node:path'
import { loadSync, type MethodDefinition, type PackageDefinition, type ServiceDefinition } from '@grpc/proto-loader'

export type Message = Record<string, unknown>

/** The simulator's own reading of the wire, from `.proto` files of its own: it shares nothing with the server it tests. */
export interface Protos {
  services: { name: string; definition: ServiceDefinition }[]
  /** Encodes a message that travels inside an `Any`. */
  encode(type: string, message: Message): Buffer
  /** Every message by its full name, with its fields as their descriptors. */
  messages(): { type: string; fields: object[] }[]
}

const FILES = ['machine.proto', 'cluster.proto', 'storage.proto', 'resource.proto']

export function loadProtos(): Protos {
  const loaded: PackageDefinition = loadSync(FILES, {
    includeDirs: [join(import.meta.dirname, 'proto')],
    keepCase: true,
    longs: String,
    enums: String,
    defaults: true,
    arrays: true,
    oneofs: true,
  })
  return {
    services: Object.entries(loaded).flatMap(([name, definition]) =>
      isService(definition) ? [{ name, definition }] : [],
    ),
    encode(type, message) {
      const found = loaded[type]
      if (!found || !('serialize' in found) || typeof found.serialize !== 'function')
        throw new Error(`the simulator has no message ${type}`)
      return (found.serialize as (message: object) => Buffer)(message)
    },
    messages: () =>
      Object.entries(loaded).flatMap(([type, definition]) =>
        'format' in definition && 'field' in definition.type
          ? [{ type, fields: definition.type.field as object[] }]
          : [],
      ),
  }
}

function isService(definition: PackageDefinition[string]): definition is ServiceDefinition {
  return !('format' in definition) && Object.values(definition).every((method) => isMethod(method))
}

function isMethod(value: unknown): value is MethodDefinition<object, object> {
  return value !== null && typeof value === 'object' && 'path' in value
}
