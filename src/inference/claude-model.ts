import Anthropic, {
  APIConnectionError,
  APIConnectionTimeoutError,
  APIError,
  APIUserAbortError,
} from '@anthropic-ai/sdk'
import type { JsonObject } from '../domain/json.ts'
import type { AskOptions, Carry, ChatAnswer, ChatModel, ChatRequest, Message, ToolSpec } from './chat-model.ts'
import { abortedError, within } from './deadline.ts'
import { ModelError } from './model-error.ts'
import { strictSchema } from './strict-schema.ts'

export interface ClaudeOptions {
  apiKey: string
  /** Another server that speaks the API. */
  baseUrl?: string
  /** `claude-sonnet-5-5` */
  model: string
}

type Params = Omit<Anthropic.MessageCreateParamsNonStreaming, 'stream'>
type Block = Anthropic.ContentBlockParam

const PROVIDER = 'anthropic'

/**
 * A Claude model (https://platform.claude.com/docs/en/api/messages). Answers are streamed, so that no proxy cuts a long one;
 * the system text and the tools are marked for caching, and so is the conversation up to its last message. The SDK's own
 * retries are off: they would outlive the deadline, and the router knows better whether another try is worth it.
 */
export function claudeModel({ apiKey, baseUrl, model }: ClaudeOptions): ChatModel {
  const client = new Anthropic({
    apiKey,
    // Not from the environment behind our back: what is not told here does not count.
    authToken: null,
    baseURL: baseUrl ?? 'https://api.anthropic.com',
    maxRetries: 0,
    logLevel: 'off',
    fetchOptions: { redirect: 'error' },
  })
  const call = async <T>(options: AskOptions, work: (signal: AbortSignal) => Promise<T>): Promise<T> => {
    const signal = within(options)
    try {
      return await work(signal)
    } catch (error) {
      if (error instanceof ModelError) throw error
      if (signal.aborted) throw abortedError('Claude', options)
      throw toModelError(error)
    }
  }
  return {
    provider: PROVIDER,
    name: model,
    place: 'cloud',
    ask: (request, options) =>
      call(options, async (signal) =>
        toAnswer(await client.messages.stream(toParams(model, request), { signal }).finalMessage(), request),
      ),
    countTokens: (request, options) =>
      call(options, async (signal) => {
        const { model: name, system, messages, tools, tool_choice, output_config } = toParams(model, request)
        const params = {
          model: name,
          messages,
          ...(system && { system }),
          ...(tools && { tools }),
          ...(tool_choice && { tool_choice }),
          ...(output_config && { output_config }),
        }
        return (await client.messages.countTokens(params, { signal })).input_tokens
      }),
  }
}

function toParams(model: string, request: ChatRequest): Params {
  const { system, messages, tools, schema, maxTokens } = request
  const cached = { cache_control: { type: 'ephemeral' as const } }
  const format = schema && (strictSchema(schema) ?? schema)
  return {
    model,
    max_tokens: maxTokens,
    system: [{ type: 'text', text: system, ...cached }],
    messages: withCache(grouped(messages)),
    ...(tools.length > 0 && {
      tools: tools.map((tool, i) => ({ ...toTool(tool), ...(i === tools.length - 1 && cached) })),
      tool_choice: { type: request.toolChoice === 'required' ? ('any' as const) : ('auto' as const) },
    }),
    ...(format && { output_config: { format: { type: 'json_schema' as const, schema: format } } }),
  }
}

/** Names may hold letters, digits, `_` and `-`; ours have one dot, between server and tool. */
function spelled(name: string): string {
  return name.replaceAll('.', '__')
}

function toTool({ name, description, parameters }: ToolSpec): Anthropic.Tool {
  const strict = strictSchema(parameters)
  return {
    name: spelled(name),
    description,
    input_schema: { type: 'object', ...(strict ?? parameters) },
    ...(strict && { strict: true }),
  }
}

interface Turn {
  role: 'user' | 'assistant'
  content: Block[]
}

/** The API wants turns to alternate, and all results of one turn in one message. */
function grouped(messages: readonly Message[]): Turn[] {
  const turns: Turn[] = []
  for (const message of messages) {
    const role = message.role === 'assistant' ? 'assistant' : 'user'
    const last = turns.at(-1)
    if (last?.role === role) last.content.push(...blocksOf(message))
    else turns.push({ role, content: blocksOf(message) })
  }
  return turns
}

function blocksOf(message: Message): Block[] {
  if (message.role === 'user') return [{ type: 'text', text: message.text }]
  if (message.role === 'tool')
    return [
      {
        type: 'tool_result',
        tool_use_id: message.call,
        content: message.text,
        ...(message.failed && { is_error: true }),
      },
    ]
  if (message.carry?.provider === PROVIDER) return [...(message.carry.blocks as Block[])]
  return [
    ...(message.text === '' ? [] : [{ type: 'text' as const, text: message.text }]),
    ...message.calls.map(({ id, name, args }) => ({ type: 'tool_use' as const, id, name: spelled(name), input: args })),
  ]
}

function withCache(turns: Turn[]): Turn[] {
  const last = turns.at(-1)?.content.at(-1)
  if (last && (last.type === 'text' || last.type === 'tool_result')) last.cache_control = { type: 'ephemeral' }
  return turns
}

function toAnswer({ content, stop_reason, usage }: Anthropic.Message, { tools }: ChatRequest): ChatAnswer {
  const text = content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join('')
  const calls = content.flatMap((block) =>
    block.type === 'tool_use' ? [{ id: block.id, name: ours(block.name, tools), args: objectOf(block.input) }] : [],
  )
  // Only thinking has to come back as it was: all else is written anew from what we understood, and redacted again.
  const thinking = content.some(({ type }) => type === 'thinking' || type === 'redacted_thinking')
  const carry: Carry = { provider: PROVIDER, blocks: content }
  const short = stop_reason === 'max_tokens' || stop_reason === 'model_context_window_exceeded'
  return {
    text,
    calls,
    ended: stop_reason === 'refusal' ? 'refused' : short ? 'length' : 'complete',
    usage: {
      inputTokens: usage.input_tokens,
      outputTokens: usage.output_tokens,
      cacheReadTokens: usage.cache_read_input_tokens ?? 0,
      cacheWriteTokens: usage.cache_creation_input_tokens ?? 0,
    },
    ...(thinking && { carry }),
  }
}

/** A name that no tool has stays as it came: it is refused where calls are judged. */
function ours(name: string, tools: readonly ToolSpec[]): string {
  return tools.find((tool) => spelled(tool.name) === name)?.name ?? name
}

function objectOf(input: unknown): JsonObject {
  return typeof input === 'object' && input !== null && !Array.isArray(input) ? (input as JsonObject) : {}
}

function toModelError(error: unknown): ModelError {
  const context = { cause: error }
  if (error instanceof APIUserAbortError)
    return new ModelError('cancelled', 'The call of Claude was called off.', context)
  if (error instanceof APIConnectionTimeoutError)
    return new ModelError('deadline', 'Claude did not answer in time.', context)
  if (error instanceof APIConnectionError)
    return new ModelError(
      'unreachable',
      'Claude cannot be reached. Check the network, and ANTHROPIC_BASE_URL.',
      context,
    )
  if (error instanceof APIError) return ofStatus(error)
  if (error instanceof SyntaxError)
    return new ModelError('malformed', 'Claude answered with something that is not JSON.')
  return new ModelError('cut', 'The answer of Claude broke off.', context)
}

function ofStatus(error: APIError): ModelError {
  const wait = Number(error.headers?.get('retry-after'))
  const context = { cause: error, ...(wait > 0 && { retryAfterMs: wait * 1_000 }) }
  const { status, type } = error
  if (status === 429 || type === 'rate_limit_error')
    return new ModelError('rate_limited', 'Claude asks us to wait (429).', context)
  if (status === 529 || status === 503 || type === 'overloaded_error')
    return new ModelError('overloaded', `Claude is overloaded (${status ?? 'in mid-answer'}).`, context)
  if (status === 401 || status === 402 || status === 403)
    return new ModelError('unauthorized', `Claude refused the key (${status}). Set ANTHROPIC_API_KEY anew.`, context)
  if (status === 404)
    return new ModelError('not_found', 'Claude does not have this model. Set CLAUDE_MODEL to one that it has.', context)
  if (status === 413) return new ModelError('too_long', 'The request is too long for Claude.', context)
  return new ModelError('failed', `The call of Claude failed (${status ?? 'in mid-answer'}).`, context)
}
