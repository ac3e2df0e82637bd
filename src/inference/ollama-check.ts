import { z } from 'zod'

const TIMEOUT_MS = 3_000

const Tags = z.object({ models: z.array(z.object({ name: z.string() })) })

/** How a local model stands: `there` is false where Ollama answers without having it. */
export type OllamaState = { reachable: false; because: string } | { reachable: true; there: boolean }

/** Asks Ollama which models it has (https://github.com/ollama/ollama/blob/main/docs/api.md#list-local-models). Never throws. */
export async function checkOllama({ host, model }: { host: string; model: string }): Promise<OllamaState> {
  try {
    const response = await fetch(`${host}/api/tags`, { signal: AbortSignal.timeout(TIMEOUT_MS), redirect: 'error' })
    if (!response.ok) return { reachable: false, because: `it answered with ${response.status}` }
    const { models } = Tags.parse(await response.json())
    // A name without a tag means its newest.
    const wanted = model.includes(':') ? model : `${model}:latest`
    return { reachable: true, there: models.some(({ name }) => name === wanted || name === model) }
  } catch (error) {
    const late = error instanceof Error && error.name === 'TimeoutError'
    return {
      reachable: false,
      because: late ? `there was no answer in ${TIMEOUT_MS / 1_000} s` : 'it cannot be reached',
    }
  }
}
