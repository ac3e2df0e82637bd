import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { type Script, type ScriptedTurn, tokensIn } from '../model-faults.ts'
import { openOracle } from '../oracle.ts'
import { answerJson, listen, readJson } from '../telegram/http.ts'

export interface OllamaOptions {
  oracle?: string
  port?: number
  /** Names that /api/tags lists; one that is asked for and not there is a 404. */
  models?: readonly string[]
  script?: Script
  /** Between two pieces of a trickle; 1,000 ms unless told. */
  trickleMs?: number
}

/** A simulated Ollama: /api/chat (NDJSON or not), /api/embed, /api/tags, /api/version. */
export interface SimulatedOllama {
  url: string
  script(script: Script): void
  calls(): readonly OllamaCall[]
  /** Requests that are being answered now: a caller that gave up is not one. */
  open(): number
  stop(): Promise<void>
}

export interface OllamaCall {
  path: string
  body: ChatBody
}

interface ChatBody {
  model?: string
  stream?: boolean
  format?: unknown
  messages?: { role: string; content: string; tool_calls?: unknown }[]
  tools?: { function: { name: string } }[]
  input?: string | string[]
}

export async function startOllama(options: OllamaOptions = {}): Promise<SimulatedOllama> {
  const record = openOracle(options.oracle, 'ollama')
  const models = options.models ?? ['qwen3:8b', 'nomic-embed-text']
  let script: Script = options.script ?? (() => ({ text: 'ok' }))
  const calls: OllamaCall[] = []
  const open = new Set<ServerResponse>()

  async function chat(body: ChatBody, response: ServerResponse): Promise<number> {
    const messages = body.messages ?? []
    const turn = script({
      text: messages.map(({ content }) => content).join('\n'),
      tools: (body.tools ?? []).map((tool) => tool.function.name),
      turn: messages.filter(({ role }) => role === 'assistant').length,
    })
    if (!turn) return refuse(response, 500, 'nothing is scripted for this call')
    return await play(turn, body, response, options.trickleMs ?? 1_000)
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    open.add(response)
    response.once('close', () => open.delete(response))
    const path = request.url ?? '/'
    const body = (request.method === 'POST' ? await readJson(request) : {}) as ChatBody
    calls.push({ path, body })
    record({ call: `${request.method} ${path}`, body })
    if (path === '/api/tags')
      return answerJson(response, 200, { models: models.map((name) => ({ name, model: name })) })
    if (path === '/api/version') return answerJson(response, 200, { version: '0.13.0' })
    if (body.model !== undefined && !models.includes(body.model)) {
      refuse(response, 404, `model '${body.model}' not found`)
      return
    }
    if (path === '/api/embed') return answerJson(response, 200, { model: body.model, embeddings: embed(body.input) })
    if (path === '/api/chat') {
      await chat(body, response)
      return
    }
    refuse(response, 404, 'not found')
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

async function play(turn: ScriptedTurn, body: ChatBody, response: ServerResponse, trickleMs: number): Promise<number> {
  const content = contentOf(turn, body)
  switch (turn.fault) {
    case 'hang':
      return 0
    case 'refuse':
      response.destroy()
      return 0
    case '429':
    case '529':
    case '500':
    case '401':
      return refuse(response, turn.fault === '529' ? 503 : Number(turn.fault), 'the server is busy')
    case 'malformed':
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"model": "qwen3:8b", "message": {"role": ')
      return 200
    case 'cut':
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '5000' })
      response.write('{"model":"qwen3:8b","message":')
      await wait(20)
      response.destroy()
      return 200
    case 'trickle':
      return await trickle(content, response, trickleMs)
    default:
      return body.stream === true ? stream(turn, content, body, response) : whole(turn, content, body, response)
  }
}

/** A constrained choice of a tool is text that fits the schema; else tools are called as Ollama does it. */
function contentOf({ text = '', tool, args = {}, fault }: ScriptedTurn, { format }: ChatBody): string {
  const name = fault === 'invented' ? 'kubernetes.fix_everything' : tool
  return name !== undefined && format !== undefined ? JSON.stringify({ tool: name, arguments: args }) : text
}

function messageOf({ tool, args = {}, fault }: ScriptedTurn, content: string, { format }: ChatBody) {
  const name = fault === 'invented' ? 'kubernetes.fix_everything' : tool
  const calls = name !== undefined && format === undefined ? [{ function: { name, arguments: args } }] : undefined
  return { role: 'assistant', content, ...(calls && { tool_calls: calls }) }
}

function whole(turn: ScriptedTurn, content: string, body: ChatBody, response: ServerResponse): number {
  answerJson(response, 200, { ...head(body), message: messageOf(turn, content, body), ...tail(content, body) })
  return 200
}

function stream(turn: ScriptedTurn, content: string, body: ChatBody, response: ServerResponse): number {
  response.writeHead(200, { 'content-type': 'application/x-ndjson' })
  for (const piece of content.match(/[\s\S]{1,20}/g) ?? [''])
    response.write(`${JSON.stringify({ ...head(body), message: messageOf({}, piece, body), done: false })}\n`)
  const message = { ...messageOf(turn, '', body), content: '' }
  response.end(`${JSON.stringify({ ...head(body), message, ...tail(content, body) })}\n`)
  return 200
}

async function trickle(content: string, response: ServerResponse, everyMs: number): Promise<number> {
  response.writeHead(200, { 'content-type': 'application/json' })
  response.write('{"model":"qwen3:8b","message":{"role":"assistant","content":"')
  for (const piece of [...content, ...'and so on and on and on']) {
    if (response.destroyed) return 200
    response.write(piece.replace(/["\\\n]/g, ' '))
    await wait(everyMs)
  }
  response.end('"},"done":true}')
  return 200
}

function head({ model }: ChatBody) {
  return { model, created_at: new Date().toISOString() }
}

function tail(content: string, { messages = [] }: ChatBody) {
  const read = messages.reduce((sum, message) => sum + tokensIn(message.content), 0)
  return { done: true, done_reason: 'stop', prompt_eval_count: read, eval_count: tokensIn(content) }
}

/** A vector that is always the same for the same text. */
function embed(input: string | string[] = []): number[][] {
  return [input].flat().map((text) => {
    const vector = new Array<number>(768).fill(0)
    for (const [i, character] of [...text].entries()) {
      const at = (character.codePointAt(0) ?? 0) * 31 + i
      vector[at % 768] = (vector[at % 768] ?? 0) + 1
    }
    const length = Math.hypot(...vector) || 1
    return vector.map((value) => value / length)
  })
}

function refuse(response: ServerResponse, status: number, error: string): number {
  answerJson(response, status, { error })
  return status
}
