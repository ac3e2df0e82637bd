import type { JsonObject } from '../domain/json.ts'

/** A tool a model may ask for. `name` is ours (`kubernetes.describe`); adapters spell it as their API wants it. */
export interface ToolSpec {
  name: string
  description: string
  /** JSON Schema of its arguments: an object. */
  parameters: JsonObject
}

/** What a model asks for. Nothing about it is trusted: neither that the tool exists nor that the arguments fit. */
export interface ToolCall {
  id: string
  name: string
  args: JsonObject
}

export type Message =
  | { role: 'user'; text: string }
  | { role: 'assistant'; text: string; calls: readonly ToolCall[]; carry?: Carry }
  | { role: 'tool'; call: string; name: string; text: string; failed?: boolean }

/** What a provider wants back unchanged with the next turn (its own blocks, thinking with its signature). */
export interface Carry {
  provider: string
  blocks: readonly unknown[]
}

export interface ChatRequest {
  /** The same from call to call, so that providers can cache it. */
  system: string
  messages: readonly Message[]
  tools: readonly ToolSpec[]
  /** Whether it must answer with a tool; `auto` unless told. */
  toolChoice?: 'auto' | 'required'
  /** JSON Schema that the text must fit. Not together with tools. */
  schema?: JsonObject
  /** Tokens it may write at most. */
  maxTokens: number
}

export interface Usage {
  /** Read at the full price: neither from the cache nor into it. */
  inputTokens: number
  outputTokens: number
  cacheReadTokens: number
  cacheWriteTokens: number
}

export interface ChatAnswer {
  text: string
  calls: readonly ToolCall[]
  /** complete: it came to its end · length: cut by `maxTokens` or the context · refused: it would not answer. */
  ended: 'complete' | 'length' | 'refused'
  usage: Usage
  carry?: Carry
}

export interface AskOptions {
  /** Milliseconds until the call is cut off; no retry outlives it. */
  deadlineMs: number
  signal?: AbortSignal
}

/** One model at one provider. Every method throws ModelError when it fails, and nothing else. */
export interface ChatModel {
  provider: string
  name: string
  /** `local`: what it is told stays at home. */
  place: 'local' | 'cloud'
  ask(request: ChatRequest, options: AskOptions): Promise<ChatAnswer>
  /** Tokens that the request comes to, without what is answered. Asks the provider, for nothing. */
  countTokens?(request: ChatRequest, options: AskOptions): Promise<number>
}

export const NO_USAGE: Usage = { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0 }

/** Tokens of a request at most, without asking anybody: text of logs and identifiers is about three characters a token. */
export function estimateTokens({ system, messages, tools, schema }: ChatRequest): number {
  const texts = messages.map((message) => message.text.length + JSON.stringify(callsOf(message)).length)
  const characters = texts.reduce((sum, length) => sum + length, system.length)
  const shapes = tools.length === 0 && !schema ? 0 : JSON.stringify([tools, schema ?? null]).length
  return Math.ceil((characters + shapes) / 2.8) + 8 * messages.length
}

function callsOf(message: Message): readonly ToolCall[] {
  return message.role === 'assistant' ? message.calls : []
}
