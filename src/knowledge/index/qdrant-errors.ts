import { UpstreamError } from '../../domain/errors.ts'

/** What the client threw, in words for people. */
export function toUpstream(error: unknown, timeoutMs: number): UpstreamError {
  if (error instanceof UpstreamError) return error
  const status = statusOf(error)
  const about = { vendor: 'Qdrant', cause: error, ...(status === undefined ? {} : { status }) }
  if (status === 401 || status === 403)
    return new UpstreamError('Qdrant refused the key. Set QDRANT_API_KEY to one that may write.', {
      ...about,
      retryable: false,
    })
  if (status !== undefined)
    return new UpstreamError(`Qdrant answered ${status}: ${detailOf(error)}`, {
      ...about,
      retryable: status >= 500 || status === 429,
    })
  if (error instanceof Error && /timeout/i.test(error.name + error.message))
    return new UpstreamError(`Qdrant did not answer within ${timeoutMs / 1_000} s.`, { ...about, retryable: true })
  return new UpstreamError('Qdrant cannot be reached at QDRANT_URL.', { ...about, retryable: true })
}

function statusOf(error: unknown): number | undefined {
  return error instanceof Error && 'status' in error && typeof error.status === 'number' ? error.status : undefined
}

function detailOf(error: unknown): string {
  const data = error instanceof Error && 'data' in error ? error.data : undefined
  const status = typeof data === 'object' && data !== null && 'status' in data ? data.status : undefined
  const text = typeof status === 'object' && status !== null && 'error' in status ? String(status.error) : ''
  return text.slice(0, 300) || 'no reason given'
}
