import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { vectorRows } from './vector-rows.ts'

export type Question =
  | { kind: 'put'; counts: { id: string; count: number }[]; data: Float32Array }
  | { kind: 'remove'; ids: string[] }
  | { kind: 'search'; vector: Float32Array; limit: number }

export interface Answer {
  nearest: { id: string; cosine: number }[]
}

/** The thread's side of `vectorScan`: answers one question after another until it is ended. */
function answerAll(port: MessagePort, dimensions: number): void {
  const rows = vectorRows()
  port.on('message', ({ call, question }: { call: number; question: Question }) => {
    port.postMessage({ call, answer: { nearest: answer(question) } })
  })

  function answer(question: Question): Answer['nearest'] {
    if (question.kind === 'search') return rows.nearest(question.vector, question.limit)
    if (question.kind === 'remove') for (const id of question.ids) rows.remove(id)
    else {
      let at = 0
      for (const { id, count } of question.counts) {
        rows.put(id, question.data.subarray(at, at + count * dimensions))
        at += count * dimensions
      }
    }
    return []
  }
}

if (parentPort) answerAll(parentPort, Number(workerData))
