import { Ollama } from 'ollama'
import { UpstreamError } from '../../domain/errors.ts'
import { DIMENSIONS } from '../index/knowledge-index.ts'
import type { Embedder } from './embedder.ts'

export interface OllamaEmbedderOptions {
  /** `http://127.0.0.1:11434` */
  readonly url: string
  /** `nomic-embed-text` unless told. */
  readonly model?: string
  /** Milliseconds one batch may take; 30,000 unless told. A model that has to be loaded first needs seconds. */
  readonly deadlineMs?: number
  readonly batch?: number
}

/** The model was trained with these before every text: https://huggingface.co/nomic-ai/nomic-embed-text-v1.5 */
const PREFIX = { query: 'search_query: ', document: 'search_document: ' }

/**
 * Embeds by Ollama's `/api/embed` (https://docs.ollama.com/api/embed). The library has no deadline and cannot cancel this call,
 * so each batch has a `fetch` with a signal of its own.
 */
export function ollamaEmbedder(options: OllamaEmbedderOptions): Embedder {
  const { url, model = 'nomic-embed-text', deadlineMs = 30_000, batch = 32 } = options

  async function embedBatch(input: string[], signal: AbortSignal | undefined): Promise<Float32Array[]> {
    const deadline = AbortSignal.timeout(deadlineMs)
    const both = signal ? AbortSignal.any([deadline, signal]) : deadline
    const client = new Ollama({
      host: url,
      fetch: (address, init) => fetch(address, { ...init, signal: both, redirect: 'error' }),
    })
    try {
      const { embeddings } = await client.embed({ model, input, truncate: true })
      return checked(embeddings, input.length, model)
    } catch (error) {
      signal?.throwIfAborted()
      throw toUpstream(error, { model, timedOut: deadline.aborted, deadlineMs })
    }
  }

  return {
    model,
    async embed(texts, kind, signal) {
      const vectors: Float32Array[] = []
      for (let at = 0; at < texts.length; at += batch) {
        signal?.throwIfAborted()
        const input = texts.slice(at, at + batch).map((text) => PREFIX[kind] + text)
        vectors.push(...(await embedBatch(input, signal)))
      }
      return vectors
    },
  }
}

function checked(embeddings: unknown, count: number, model: string): Float32Array[] {
  const rows: unknown[] = Array.isArray(embeddings) ? embeddings : []
  const vectors = rows.map((row) => (Array.isArray(row) ? Float32Array.from(row.map(Number)) : new Float32Array(0)))
  if (vectors.length === count && vectors.every(isWhole)) return vectors
  throw new UpstreamError(
    `Ollama's model ${model} did not answer with ${DIMENSIONS} numbers for each text. Set EMBEDDING_MODEL to one that does, such as nomic-embed-text.`,
    { vendor: 'Ollama', retryable: false },
  )
}

function isWhole(vector: Float32Array): boolean {
  return vector.length === DIMENSIONS && vector.every(Number.isFinite)
}

function toUpstream(
  error: unknown,
  { model, timedOut, deadlineMs }: { model: string; timedOut: boolean; deadlineMs: number },
): UpstreamError {
  if (error instanceof UpstreamError) return error
  const status = error instanceof Error && 'status_code' in error ? Number(error.status_code) : undefined
  const cause = { vendor: 'Ollama', cause: error, ...(status === undefined ? {} : { status }) }
  if (status === 404)
    return new UpstreamError(`Ollama has no model ${model}. Fetch it with: ollama pull ${model}`, {
      ...cause,
      retryable: false,
    })
  if (timedOut)
    return new UpstreamError(`Ollama did not embed within ${deadlineMs / 1_000} s.`, { ...cause, retryable: true })
  if (status !== undefined)
    return new UpstreamError(`Ollama refused to embed (${status}).`, { ...cause, retryable: status >= 500 })
  return new UpstreamError('Ollama cannot be reached at OLLAMA_HOST.', { ...cause, retryable: true })
}
