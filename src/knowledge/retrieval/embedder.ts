/** Turns texts into vectors, so that pages that say the same in other words lie close together. */
export interface Embedder {
  /** The model's name: vectors of one model mean nothing to another. */
  readonly model: string
  /**
   * One vector of `DIMENSIONS` numbers for each text, in order. A query and a document are embedded differently.
   * Throws UpstreamError when the model does not answer, or not with such vectors, and the reason of `signal` when that aborts.
   */
  embed(texts: readonly string[], kind: 'query' | 'document', signal?: AbortSignal): Promise<Float32Array[]>
}

/** What is embedded of a stretch of text: its heading says what the stretch is about. */
export function embeddingText(heading: string, text: string): string {
  return [heading, text.trim()].filter((part) => part !== '').join('\n')
}
