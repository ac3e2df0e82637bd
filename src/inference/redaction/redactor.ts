import type { Json, JsonObject } from '../../domain/json.ts'
import type { ChatAnswer, ChatRequest, Message } from '../chat-model.ts'
import type { Cutter } from './cutter.ts'
import { type Book, placeholders } from './placeholders.ts'

/** A request that may leave, and the way to read its answer. */
export interface Redacted {
  request: ChatRequest
  /** Puts back what placeholders stand for; secrets stay cut. */
  restore(answer: ChatAnswer): ChatAnswer
  /** What was cut and replaced, by kind. Counts, never values. */
  counts: Readonly<Record<string, number>>
}

/** What must be done before anything leaves. Every method rejects with RedactionError where it cannot vouch for the result. */
export interface Redactor {
  /** For a model in the cloud: secrets are cut; names, addresses and numbers become placeholders. */
  forCloud(request: ChatRequest, names: readonly string[]): Promise<Redacted>
  /** For the chat: secrets are cut. Text or HTML. */
  forChat(texts: readonly string[]): Promise<string[]>
}

export interface RedactorOptions {
  cutter: Cutter
  /** Of this installation; placeholders come from it. */
  key: Uint8Array
  /** What people have listed. */
  words: readonly string[]
}

export function redactor({ cutter, key, words }: RedactorOptions): Redactor {
  return {
    async forCloud(request, names) {
      const texts: string[] = []
      mapTexts(request, (text) => {
        texts.push(text)
        return text
      })
      const cuts = await cutter.cut(texts)
      const book = placeholders({ key, words: [...new Set([...words, ...names])].filter((word) => word.length >= 2) })
      // A name that a later text gives away stands in earlier ones too.
      for (const { text } of cuts) book.put(text)
      let next = 0
      const clean = mapTexts(request, () => book.put(cuts[next++]?.text ?? ''))
      return { request: clean, restore: (answer) => restored(answer, book), counts: countsOf(cuts, book) }
    },
    async forChat(texts) {
      return (await cutter.cut(texts)).map(({ text }) => text)
    },
  }
}

/** A copy with every text replaced: always in the same order, so that two passes see the same. */
function mapTexts(request: ChatRequest, map: (text: string) => string): ChatRequest {
  const { system, messages, tools, schema } = request
  return {
    ...request,
    system: map(system),
    tools: tools.map(({ name, description, parameters }) => ({
      name,
      description: map(description),
      parameters: mapJson(parameters, map) as JsonObject,
    })),
    messages: messages.map((message) => mapMessage(message, map)),
    ...(schema && { schema: mapJson(schema, map) as JsonObject }),
  }
}

function mapMessage(message: Message, map: (text: string) => string): Message {
  if (message.role !== 'assistant') return { ...message, text: map(message.text) }
  const calls = message.calls.map((call) => ({ ...call, args: mapJson(call.args, map) as JsonObject }))
  return { ...message, text: map(message.text), calls }
}

function mapJson(value: Json, map: (text: string) => string): Json {
  if (typeof value === 'string') return map(value)
  if (Array.isArray(value)) return value.map((inner: Json) => mapJson(inner, map))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]: [string, Json]) => [name, mapJson(inner, map)]))
}

function restored(answer: ChatAnswer, book: Book): ChatAnswer {
  const calls = answer.calls.map((call) => ({ ...call, args: mapJson(call.args, book.restore) as JsonObject }))
  return { ...answer, text: book.restore(answer.text), calls }
}

function countsOf(cuts: readonly { cuts: Readonly<Record<string, number>> }[], book: Book): Record<string, number> {
  const total: Record<string, number> = {}
  for (const [kind, count] of cuts.flatMap(({ cuts: made }) => Object.entries(made)))
    total[`cut:${kind}`] = (total[`cut:${kind}`] ?? 0) + count
  return { ...total, ...book.counts() }
}
