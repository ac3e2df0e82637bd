import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { ollamaEmbedder } from '../../../src/knowledge/retrieval/ollama-embedder.ts'

/** What the next requests are answered with; `hang` never answers. */
let answer: { status: number; body: unknown } | 'hang'
let asked: { model: string; input: string[] }[]
let closed = 0

const server = createServer(async (request, response) => {
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(piece as Buffer)
  const body = JSON.parse(Buffer.concat(pieces).toString('utf8')) as { model: string; input: string[] }
  asked.push(body)
  response.on('close', () => {
    if (!response.writableEnded) closed += 1
  })
  if (answer === 'hang') return
  const embeddings = body.input.map((_, at) => Array.from({ length: 768 }, (_, i) => (i === at ? 1 : 0)))
  response.writeHead(answer.status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(answer.body ?? { embeddings }))
})
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
afterAll(() => {
  server.closeAllConnections()
  server.close()
})
beforeEach(() => {
  answer = { status: 200, body: undefined }
  asked = []
  closed = 0
})

test('texts go out in batches, each with the prefix of its kind, and vectors come back in order', async () => {
  const embedder = ollamaEmbedder({ url, batch: 2 })
  const vectors = await embedder.embed(['a', 'b', 'c'], 'document')
  expect(asked.map(({ input }) => input)).toEqual([
    ['search_document: a', 'search_document: b'],
    ['search_document: c'],
  ])
  expect(vectors.map((vector) => vector.indexOf(1))).toEqual([0, 1, 0])
  await embedder.embed(['q'], 'query')
  expect(asked.at(-1)).toMatchObject({ model: 'nomic-embed-text', input: ['search_query: q'] })
})

test('a model that does not answer in time is cut off', async () => {
  answer = 'hang'
  await expect(ollamaEmbedder({ url, deadlineMs: 50 }).embed(['a'], 'query')).rejects.toMatchObject({
    message: 'Ollama did not embed within 0.05 s.',
    retryable: true,
  })
  await expect.poll(() => closed).toBe(1)
})

test('a cancelled call ends the request at once, with the reason it was cancelled for', async () => {
  answer = 'hang'
  const cancelling = new AbortController()
  const call = ollamaEmbedder({ url }).embed(['a'], 'query', cancelling.signal)
  await expect.poll(() => asked.length).toBe(1)
  cancelling.abort(new Error('never mind'))
  await expect(call).rejects.toThrow('never mind')
  await expect.poll(() => closed).toBe(1)
})

test.each([
  [404, { error: 'model not found' }, 'ollama pull nomic-embed-text', false],
  [500, { error: 'boom' }, 'Ollama refused to embed (500).', true],
  [200, { embeddings: [[1, 2, 3]] }, 'EMBEDDING_MODEL', false],
  [200, { embeddings: [] }, 'EMBEDDING_MODEL', false],
])('an answer of %s %j is told as what to change', async (status, body, text, retryable) => {
  answer = { status, body }
  const call = ollamaEmbedder({ url }).embed(['a'], 'query')
  await expect(call).rejects.toMatchObject({ message: expect.stringContaining(text), retryable, vendor: 'Ollama' })
})

test('nobody there is said', async () => {
  await expect(ollamaEmbedder({ url: 'http://127.0.0.1:9' }).embed(['a'], 'query')).rejects.toThrow('OLLAMA_HOST')
})
