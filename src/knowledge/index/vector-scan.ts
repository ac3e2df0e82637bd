import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { DIMENSIONS } from './knowledge-index.ts'
import type { Answer, Question } from './vector-worker.ts'

/** Vectors in a thread of their own that are compared one by one, so that the answer is exact and the event loop free. */
export interface VectorScan {
  /** Replaces the vectors of pages. A page may have several: its best counts. */
  put(pages: readonly { readonly id: string; readonly vectors: readonly Float32Array[] }[]): Promise<void>
  remove(ids: readonly string[]): Promise<void>
  /** The pages nearest by cosine, nearest first. */
  search(vector: Float32Array, limit: number): Promise<{ id: string; cosine: number }[]>
  close(): Promise<void>
}

type Waiting = { resolve: (answer: Answer) => void; reject: (error: unknown) => void }

/** Starts the thread; about 3 KB of memory for each vector. A thread that dies fails the calls under way and all later ones. */
export async function vectorScan(): Promise<VectorScan> {
  const worker = new Worker(new URL('vector-worker.ts', import.meta.url), { workerData: DIMENSIONS })
  const waiting = new Map<number, Waiting>()
  let last = 0
  let broken: unknown
  const fail = (error: unknown) => {
    broken = error
    for (const { reject } of waiting.values()) reject(error)
    waiting.clear()
  }
  worker.on('message', ({ call, answer }: { call: number; answer: Answer }) => {
    waiting.get(call)?.resolve(answer)
    waiting.delete(call)
    if (waiting.size === 0) worker.unref()
  })
  worker.on('error', fail)
  worker.on('exit', () => fail(broken ?? new Error('The thread that compares vectors has ended.')))
  await once(worker, 'online')
  worker.unref()

  function ask(question: Question, transfer: ArrayBuffer[] = []): Promise<Answer> {
    if (broken !== undefined) return Promise.reject(broken)
    const call = ++last
    worker.ref()
    return new Promise((resolve, reject) => {
      waiting.set(call, { resolve, reject })
      worker.postMessage({ call, question }, transfer)
    })
  }

  return {
    async put(pages) {
      const vectors = pages.flatMap((page) => page.vectors)
      const data = new Float32Array(vectors.length * DIMENSIONS)
      for (const [at, vector] of vectors.entries()) {
        if (vector.length !== DIMENSIONS)
          throw new Error(`A vector has ${vector.length} numbers instead of ${DIMENSIONS}.`)
        data.set(vector, at * DIMENSIONS)
      }
      const counts = pages.map(({ id, vectors: own }) => ({ id, count: own.length }))
      await ask({ kind: 'put', counts, data }, [data.buffer])
    },
    async remove(ids) {
      await ask({ kind: 'remove', ids: [...ids] })
    },
    async search(vector, limit) {
      const answer = await ask({ kind: 'search', vector: new Float32Array(vector), limit })
      return answer.nearest
    },
    async close() {
      await worker.terminate()
    },
  }
}
