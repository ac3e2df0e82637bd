import { ApiError } from './api-error.ts'

/** Field number to its length-delimited values; numbers and booleans are left out, nothing here needs them. */
type Message = Map<number, Buffer[]>

const HARMLESS = new Set(['Eviction', 'DeleteOptions', 'SelfSubjectReview', 'SelfSubjectRulesReview'])
const MAGIC = Buffer.from('k8s\u0000')

/**
 * Decodes the one kind of protobuf body that kubectl sends to this API, an access review (`kubectl auth can-i`); any
 * other kind comes back without content where that does no harm, and is refused with 415 where it would.
 *
 * Source: the envelope and field numbers of k8s.io/api's generated.proto (runtime.Unknown, SelfSubjectAccessReview).
 */
export function decodeReview(body: Buffer): Record<string, unknown> {
  if (!body.subarray(0, 4).equals(MAGIC)) throw new Error('a protobuf body starts with k8s and a zero byte')
  const envelope = decode(body.subarray(4))
  const type = decode(first(envelope, 1))
  const about = { apiVersion: text(type, 1), kind: text(type, 2) }
  if (HARMLESS.has(about.kind)) return about
  if (about.kind !== 'SelfSubjectAccessReview') {
    throw new ApiError(415, 'UnsupportedMediaType', `the simulated cluster takes ${about.kind} as JSON or YAML only`)
  }
  const spec = decode(first(decode(first(envelope, 2)), 2))
  if (spec.has(1)) {
    const [namespace, verb, group, version, resource, subresource, name] = [1, 2, 3, 4, 5, 6, 7].map((field) =>
      text(decode(first(spec, 1)), field),
    )
    return { ...about, spec: { resourceAttributes: { namespace, verb, group, version, resource, subresource, name } } }
  }
  const other = decode(first(spec, 2))
  return { ...about, spec: { nonResourceAttributes: { path: text(other, 1), verb: text(other, 2) } } }
}

function decode(bytes: Buffer): Message {
  const message: Message = new Map()
  let at = 0
  function varint(): number {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++]
      if (byte === undefined) throw new Error('a protobuf message ends early')
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) return value
    }
  }
  while (at < bytes.length) {
    const tag = varint()
    if ((tag & 7) === 0) varint()
    else if ((tag & 7) === 2) {
      const length = varint()
      const field = Math.floor(tag / 8)
      message.set(field, [...(message.get(field) ?? []), bytes.subarray(at, at + length)])
      at += length
    } else throw new Error(`protobuf wire type ${tag & 7} is not expected here`)
  }
  return message
}

function first(message: Message, field: number): Buffer {
  return message.get(field)?.[0] ?? Buffer.alloc(0)
}

function text(message: Message, field: number): string {
  return first(message, field).toString()
}
