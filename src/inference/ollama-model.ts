import { type ChatResponse, Ollama, type Message as OllamaMessage } from 'ollama'
import type { JsonObject } from '../domain/json.ts'
import {
  type AskOptions,
  type ChatAnswer,
  type ChatModel,
  type ChatRequest,
  estimateTokens,
  type Message,
  type ToolCall,
} from './chat-model.ts'
import { abortedError, within } from './deadline.ts'
import { ModelError } from './model-error.ts'
import { ollamaStatusError } from './ollama-errors.ts'
import { choiceSchema, choiceText, readChoice } from './tool-choice.ts'

export interface OllamaOptions {
  /** `http://127.0.0.1:11434` */
  host: string
  model: string
  /** Tokens of context. Ollama cuts off the beginning of what is longer, in silence; here it is refused. */
  contextTokens: number
  /** How long the model stays loaded after a call, as Ollama writes durations; `10m` unless told. */
  keepAlive?: string
}

/**
 * A model of a local Ollama (https://docs.ollama.com/api/chat).
 *
 * Where a tool is required, the choice of it is constrained by a JSON schema instead of Ollama's own tool calls: small models
 * invent arguments and lose calls in what they think, and a grammar leaves them no way to.
 */
export function ollamaModel({ host, model, contextTokens, keepAlive = '10m' }: OllamaOptions): ChatModel {
  return {
    provider: 'ollama',
    name: model,
    place: 'local',
    async ask(request, options) {
      const need = estimateTokens(request) + request.maxTokens
      if (need > contextTokens)
        throw new ModelError(
          'too_long',
          `About ${need} tokens do not fit the ${contextTokens} that ${model} has. Raise OLLAMA_CONTEXT, or look at less.`,
        )
      const constrained = request.toolChoice === 'required' && request.tools.length > 0
      const format = constrained ? choiceSchema(request.tools) : request.schema
      const response = await call(host, options, (client) =>
        client.chat({
          model,
          stream: false,
          think: false,
          keep_alive: keepAlive,
          messages: toOllama(request, constrained),
          options: { temperature: 0, num_ctx: contextTokens, num_predict: request.maxTokens },
          ...(format && { format }),
          ...(!constrained && request.tools.length > 0 && { tools: toolsOf(request) }),
        }),
      )
      return toAnswer(response, constrained)
    },
  }
}

/** The names of the models that an Ollama has; ModelError where it cannot be asked. */
export async function ollamaModels(host: string, options: AskOptions): Promise<string[]> {
  const { models } = await call(host, options, (client) => client.list())
  return models.map(({ name }) => name)
}

/** One call. The library has no deadline and cannot be aborted unless streaming, so its fetch is given the signal. */
async function call<T>(host: string, options: AskOptions, work: (client: Ollama) => Promise<T>): Promise<T> {
  const signal = within(options)
  const client = new Ollama({
    host,
    fetch: async (input, init) => {
      const response = await fetch(input, { ...init, signal, redirect: 'error' })
      // The library would print what it cannot read; the refusal is told from the status alone.
      if (!response.ok) throw await ollamaStatusError(response)
      return response
    },
  })
  try {
    return await work(client)
  } catch (error) {
    if (error instanceof ModelError) throw error
    if (signal.aborted) throw abortedError('Ollama', options)
    throw toModelError(error)
  }
}

function toModelError(error: unknown): ModelError {
  const cause = error instanceof Error ? error.cause : undefined
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  if (error instanceof SyntaxError)
    return new ModelError('malformed', 'Ollama answered with something that is not JSON.')
  if (error instanceof TypeError && /terminated/.test(error.message))
    return new ModelError('cut', 'The answer of Ollama broke off.', { cause: error })
  if (error instanceof TypeError)
    return new ModelError(
      'unreachable',
      `Ollama cannot be reached (${code || 'no connection'}). Check that it runs, and OLLAMA_HOST.`,
      { cause: error },
    )
  return new ModelError('failed', 'The call of Ollama failed.', { cause: error })
}

function toOllama({ system, messages, tools }: ChatRequest, constrained: boolean): OllamaMessage[] {
  const head = constrained ? `${system}\n\n${choiceText(tools)}` : system
  return [{ role: 'system', content: head }, ...messages.map((message) => toOllamaMessage(message, constrained))]
}

function toOllamaMessage(message: Message, constrained: boolean): OllamaMessage {
  if (message.role === 'user') return { role: 'user', content: message.text }
  if (message.role === 'tool') return { role: 'tool', content: message.text, tool_name: message.name }
  const [call] = message.calls
  if (constrained && call)
    return { role: 'assistant', content: JSON.stringify({ tool: call.name, arguments: call.args }) }
  const calls = message.calls.map(({ name, args }) => ({ function: { name, arguments: { ...args } } }))
  return { role: 'assistant', content: message.text, ...(calls.length > 0 && { tool_calls: calls }) }
}

function toolsOf({ tools }: ChatRequest) {
  return tools.map(({ name, description, parameters }) => ({
    type: 'function',
    function: { name, description, parameters: parameters as object },
  }))
}

function toAnswer(response: ChatResponse, constrained: boolean): ChatAnswer {
  const message: Partial<OllamaMessage> | undefined = response.message
  if (typeof message?.content !== 'string') throw new ModelError('malformed', 'Ollama answered without a message.')
  const content = message.content
  const called = (message.tool_calls ?? []).map(
    ({ function: { name, arguments: args } }, i): ToolCall => ({ id: `call_${i}`, name, args: args as JsonObject }),
  )
  const chosen = constrained ? readChoice(content) : undefined
  return {
    text: chosen ? '' : content,
    calls: chosen ? [chosen] : called,
    ended: response.done_reason === 'length' ? 'length' : 'complete',
    usage: {
      inputTokens: response.prompt_eval_count ?? 0,
      outputTokens: response.eval_count ?? 0,
      cacheReadTokens: 0,
      cacheWriteTokens: 0,
    },
  }
}
