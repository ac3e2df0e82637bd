import { RefusedPayload } from './payload.ts'

/**
 * The bytes of a request's body, `maxBytes` at most. Throws RefusedPayload: 413 as soon as it is known to be too large,
 * which with a Content-Length is before anything is read; 400 when the sender went away in the middle.
 */
export async function readBody(request: Request, maxBytes: number): Promise<Uint8Array> {
  const length = request.headers.get('content-length')
  if (length !== null && Number(length) > maxBytes) throw tooLarge(maxBytes)
  try {
    // HTTP sees to it that no more arrives than was announced, so the short way is safe.
    if (length !== null) return atMost(new Uint8Array(await request.arrayBuffer()), maxBytes)
    return await readStream(request.body, maxBytes)
  } catch (cause) {
    if (cause instanceof RefusedPayload) throw cause
    throw new RefusedPayload(400, 'The body broke off before its end. Send it again.', { cause })
  }
}

function atMost(bytes: Uint8Array, maxBytes: number): Uint8Array {
  if (bytes.length > maxBytes) throw tooLarge(maxBytes)
  return bytes
}

async function readStream(body: ReadableStream<Uint8Array> | null, maxBytes: number): Promise<Uint8Array> {
  if (!body) return new Uint8Array()
  const reader = body.getReader()
  const chunks: Uint8Array[] = []
  let size = 0
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    size += part.value.length
    if (size > maxBytes) {
      await reader.cancel().catch(() => {})
      throw tooLarge(maxBytes)
    }
    chunks.push(part.value)
  }
  return Buffer.concat(chunks)
}

function tooLarge(maxBytes: number): RefusedPayload {
  return new RefusedPayload(
    413,
    `The body is larger than ${maxBytes} bytes. Set max_alerts in the webhook_config, or group by more labels.`,
  )
}
