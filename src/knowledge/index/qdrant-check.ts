import { z } from 'zod'

export interface QdrantCheck {
  ok: boolean
  /** What is wrong and what to change, in sentences; empty where all is well. */
  detail: string
}

const TIMEOUT_MS = 3_000

const Answer = z.object({ result: z.object({ collections: z.array(z.unknown()) }) })

/**
 * Asks Qdrant for its collections, once and without its library: for `doctor` and the table at start. Never throws.
 * API: https://api.qdrant.tech/api-reference/collections/get-collections
 */
export async function checkQdrant({ url, apiKey }: { url: string; apiKey: string | undefined }): Promise<QdrantCheck> {
  try {
    const response = await fetch(`${url}/collections`, {
      headers: apiKey === undefined ? {} : { 'api-key': apiKey },
      signal: AbortSignal.timeout(TIMEOUT_MS),
      redirect: 'error',
    })
    if (response.status === 401 || response.status === 403)
      return broken('Qdrant refused the key. Set QDRANT_API_KEY to one that may write.')
    if (!response.ok) return broken(`Qdrant answered ${response.status}. Check QDRANT_URL, and its own log.`)
    return Answer.safeParse(await response.json()).success
      ? { ok: true, detail: '' }
      : broken('What answers at QDRANT_URL is not Qdrant. Correct the address.')
  } catch (error) {
    if (error instanceof SyntaxError) return broken('What answers at QDRANT_URL is not Qdrant. Correct the address.')
    const late = error instanceof Error && error.name === 'TimeoutError'
    return broken(
      late
        ? `Qdrant did not answer within ${TIMEOUT_MS / 1_000} s. Check that it is well.`
        : 'Qdrant cannot be reached at QDRANT_URL. Check the address, and that it runs.',
    )
  }
}

function broken(detail: string): QdrantCheck {
  return { ok: false, detail }
}
