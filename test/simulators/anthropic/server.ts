import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { type Script, type ScriptedTurn, tokensIn } from '../model-faults.ts'
import { openOracle } from '../oracle.ts'
import { answerJson, listen, readJson } from '../telegram/http.ts'

export interface AnthropicOptions {
  oracle?: string
  port?: number
  /** What a caller must bring as its bearer token; any unless told. */
  apiKey?: string
  script?: Script
  /** Between two pieces of a trickle; 1,000 ms unless told. */
  trickleMs?: number
}

/** A simulated Anthropic API: /v1/messages, streamed or not, and /v1/messages/count_tokens. */
export interface SimulatedAnthropic {
  url: string
  script(script: Script): void
  /** Every request that came, token counts too. */
  calls(): readonly AnthropicCall[]
  open(): number
  stop(): Promise<void>
}

export interface AnthropicCall {
  path: string
  headers: Readonly<Record<string, unknown>>
  body: MessagesBody
}

interface Block {
  type: string
  text?: string
  content?: unknown
  input?: unknown
  tool_use_id?: string
  cache_control?: unknown
}

interface MessagesBody {
  model?: string
  max_tokens?: number
  stream?: boolean
  system?: string | Block[]
  messages?: { role: string; content: string | Block[] }[]
  tools?: { name: string; strict?: boolean; input_schema?: unknown }[]
  temperature?: number
}

export async function startAnthropic(options: AnthropicOptions = {}): Promise<SimulatedAnthropic> {
  const record = openOracle(options.oracle, 'anthropic')
  let script: Script = options.script ?? (() => ({ text: 'ok' }))
  const calls: AnthropicCall[] = []
  const open = new Set<ServerResponse>()

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    open.add(response)
    response.once('close', () => open.delete(response))
    const path = (request.url ?? '/').replace(/\?.*$/, '')
    const body = (await readJson(request)) as MessagesBody
    const { authorization, 'x-api-key': key, 'anthropic-version': version } = request.headers
    calls.push({ path, headers: { authorization, version }, body })
    record({ call: `${request.method} ${path}`, body, version })
    const told = authorization?.replace(/^Bearer /, '') ?? key
    if (options.apiKey !== undefined && told !== options.apiKey)
      return refuse(response, 401, 'authentication_error', 'invalid key')
    const wrong = misuse(body)
    if (wrong) return refuse(response, 400, 'invalid_request_error', wrong)
    if (path === '/v1/messages/count_tokens') return answerJson(response, 200, { input_tokens: tokensIn(textOf(body)) })
    if (path !== '/v1/messages') return refuse(response, 404, 'not_found_error', 'not found')
    const turn = script({
      text: textOf(body),
      tools: (body.tools ?? []).map(({ name }) => name),
      turn: (body.messages ?? []).filter(({ role }) => role === 'assistant').length,
    })
    if (!turn) return refuse(response, 500, 'api_error', 'nothing is scripted for this call')
    await play(turn, body, response, options.trickleMs ?? 1_000)
  }

  const server = await listen(handle, options.port)
  return {
    url: server.url,
    script(next) {
      script = next
    },
    calls: () => calls,
    open: () => open.size,
    stop: server.stop,
  }
}

/** What the API refuses, as far as a client of ours could get it wrong. */
function misuse({ messages = [], temperature, tools = [] }: MessagesBody): string | undefined {
  if (temperature !== undefined) return 'temperature: not permitted'
  if (messages.length === 0) return 'messages: at least one is needed'
  const named = tools.find(({ name }) => !/^[a-zA-Z0-9_-]{1,128}$/.test(name))
  if (named) return `tools: the name ${named.name} does not match`
  for (const [i, message] of messages.entries()) {
    const asked = blocksOf(messages[i - 1]?.content).filter(({ type }) => type === 'tool_use')
    const told = blocksOf(message.content).filter(({ type }) => type === 'tool_result')
    if (message.role === 'user' && asked.length !== told.length) return 'messages: each tool_use needs its tool_result'
    if (message.role === messages[i - 1]?.role) return 'messages: roles must alternate'
    if (blocksOf(message.content).some(({ type, text }) => type === 'text' && text === ''))
      return 'messages: empty text'
  }
  return undefined
}

function blocksOf(content: string | Block[] | undefined): Block[] {
  return typeof content === 'string' ? [{ type: 'text', text: content }] : (content ?? [])
}

function textOf({ system, messages = [], tools }: MessagesBody): string {
  const blocks = [...blocksOf(system), ...messages.flatMap(({ content }) => blocksOf(content))]
  const texts = blocks.map(
    ({ text, content, input }) =>
      text ?? (typeof content === 'string' ? content : JSON.stringify(content ?? input ?? '')),
  )
  return `${texts.join('\n')}\n${JSON.stringify(tools ?? [])}`
}

async function play(
  turn: ScriptedTurn,
  body: MessagesBody,
  response: ServerResponse,
  trickleMs: number,
): Promise<void> {
  const retry = turn.retryAfter === undefined ? {} : { 'retry-after': String(turn.retryAfter) }
  switch (turn.fault) {
    case 'hang':
      return
    case 'refuse':
      response.destroy()
      return
    case '401':
      return refuse(response, 401, 'authentication_error', 'invalid key')
    case '429':
      return refuse(response, 429, 'rate_limit_error', 'slow down', retry)
    case '529':
      return refuse(response, 529, 'overloaded_error', 'overloaded', retry)
    case '500':
      return refuse(response, 500, 'api_error', 'internal error')
    case 'malformed':
      response.writeHead(200, { 'content-type': body.stream ? 'text/event-stream' : 'application/json' })
      response.end(body.stream ? 'event: message_start\ndata: {"type": "message_st\n\n' : '{"id": "msg_')
      return
  }
  const message = messageOf(turn, body)
  if (!body.stream) return answerJson(response, 200, message)
  const events = eventsOf(message)
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  for (const [i, event] of events.entries()) {
    if (response.destroyed) return
    response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
    if (turn.fault === 'trickle') await wait(trickleMs)
    if (turn.fault === 'cut' && i === 2) {
      await wait(20)
      response.destroy()
      return
    }
  }
  response.end()
}

function messageOf(turn: ScriptedTurn, body: MessagesBody) {
  const name = turn.fault === 'invented' ? 'kubernetes__fix_everything' : turn.tool?.replaceAll('.', '__')
  const text = turn.text === undefined ? [] : [{ type: 'text', text: turn.text, citations: null }]
  const calls =
    name === undefined
      ? []
      : [
          {
            type: 'tool_use',
            id: `toolu_${(body.messages ?? []).length}`,
            name,
            input: turn.args ?? {},
            caller: { type: 'direct' },
          },
        ]
  const content = [...text, ...calls]
  return {
    id: 'msg_01',
    type: 'message',
    role: 'assistant',
    model: body.model,
    content,
    stop_reason: name === undefined ? 'end_turn' : 'tool_use',
    stop_sequence: null,
    usage: {
      input_tokens: tokensIn(textOf(body)),
      output_tokens: tokensIn(JSON.stringify(content)),
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 0,
    },
  }
}

type Event = { type: string } & Record<string, unknown>

/** A message as the events of a stream (https://platform.claude.com/docs/en/build-with-claude/streaming). */
function eventsOf(message: ReturnType<typeof messageOf>): Event[] {
  const { content, stop_reason, usage, ...head } = message
  const start = { ...head, content: [], stop_reason: null, usage: { ...usage, output_tokens: 1 } }
  return [
    { type: 'message_start', message: start },
    ...content.flatMap((block, index): Event[] => {
      const whole = JSON.stringify('input' in block ? block.input : '')
      const text = 'text' in block ? block.text : ''
      const pieces = ('text' in block ? text : whole).match(/[\s\S]{1,40}/g) ?? []
      return [
        {
          type: 'content_block_start',
          index,
          content_block: 'text' in block ? { ...block, text: '' } : { ...block, input: {} },
        },
        ...pieces.map(
          (piece): Event => ({
            type: 'content_block_delta',
            index,
            delta:
              'text' in block ? { type: 'text_delta', text: piece } : { type: 'input_json_delta', partial_json: piece },
          }),
        ),
        { type: 'content_block_stop', index },
      ]
    }),
    {
      type: 'message_delta',
      delta: { stop_reason, stop_sequence: null },
      usage: { output_tokens: usage.output_tokens },
    },
    { type: 'message_stop' },
  ]
}

function refuse(response: ServerResponse, status: number, type: string, message: string, headers = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(JSON.stringify({ type: 'error', error: { type, message }, request_id: 'req_01' }))
}
