import { appendFileSync, readFileSync } from 'node:fs'
import { hashOf } from '../domain/json.ts'
import type { ChatAnswer, ChatModel, ChatRequest } from './chat-model.ts'
import { ModelError, type ModelFailure } from './model-error.ts'

/** One line of a recording. The request is kept as a hash alone: what was asked may not be fit for a file. */
interface Line {
  request: string
  provider: string
  model: string
  answer?: ChatAnswer
  failure?: ModelFailure
  message?: string
}

/** Passes everything on to a model, and writes what it answered to a file of JSON lines. */
export function recordingModel(model: ChatModel, file: string): ChatModel {
  const keep = (request: ChatRequest, line: Partial<Line>) => {
    const head: Line = { request: keyOf(request), provider: model.provider, model: model.name }
    appendFileSync(file, `${JSON.stringify({ ...head, ...line })}\n`)
  }
  return {
    ...model,
    async ask(request, options) {
      try {
        const answer = await model.ask(request, options)
        keep(request, { answer })
        return answer
      } catch (error) {
        if (error instanceof ModelError) keep(request, { failure: error.failure, message: error.message })
        throw error
      }
    },
  }
}

/**
 * Answers from a recording, without any network. The same request asked again gets the answers in the order in which they were
 * recorded; one that was never recorded is a ModelError, and never a neighbour's answer.
 */
export function replayedModel(file: string, place: ChatModel['place']): ChatModel {
  const lines = readFileSync(file, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line): Line => JSON.parse(line))
  const used = new Set<number>()
  return {
    provider: lines[0]?.provider ?? 'recording',
    name: lines[0]?.model ?? 'recording',
    place,
    async ask(request) {
      const key = keyOf(request)
      const at = lines.findIndex((line, i) => line.request === key && !used.has(i))
      const line = lines[at]
      if (!line) throw new ModelError('failed', 'The recording has no answer to this request.')
      used.add(at)
      if (line.answer) return line.answer
      throw new ModelError(line.failure ?? 'failed', line.message ?? 'The recorded call failed.')
    },
  }
}

function keyOf(request: ChatRequest): string {
  return hashOf(JSON.parse(JSON.stringify(request)))
}
