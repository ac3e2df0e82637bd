import { ModelError } from './model-error.ts'

/** What a refusal by Ollama means, from its status. Its own text is read only to tell a missing model apart. */
export async function ollamaStatusError(response: Response): Promise<ModelError> {
  const text = await response.text().catch(() => '')
  const { status } = response
  if (status === 404 || /model .*not found/i.test(text.slice(0, 500)))
    return new ModelError(
      'not_found',
      'Ollama does not have this model. Run `ollama pull` for it, or set OLLAMA_MODEL.',
    )
  if (status === 503 || status === 429) return new ModelError('overloaded', `Ollama is busy (${status}).`)
  if (status === 401 || status === 403) return new ModelError('unauthorized', `Ollama refused the call (${status}).`)
  return new ModelError('failed', `Ollama answered with ${status}.`)
}
