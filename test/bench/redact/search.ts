import { PassThrough } from 'node:stream'
import { parseConfig } from '../../../mcp-servers/shared/src/config.ts'
import { oneOfEach, type Secret } from '../redact-kinds.ts'
import { redactBenches } from './index.ts'
import type { PlantedServer } from './planted-server.ts'

export interface Searched {
  tools: number
  kinds: number
  planted: number
  /** What was shown by whom, in words. */
  leaked: string[]
}

/** Plants secrets of every kind, calls every reading tool of every server, and searches what comes off the wire. */
export async function search(): Promise<Searched> {
  const kinds = new Set<string>()
  const leaked: string[] = []
  let tools = 0
  let count = 0
  for (const { server, start } of redactBenches) {
    const planted = await start(oneOfEach())
    try {
      for (const { kind } of planted.planted) kinds.add(kind)
      count += planted.planted.reduce((sum, { hidden }) => sum + hidden.length, 0)
      const wire = await read(planted)
      tools += planted.reading.length
      leaked.push(...leaks(planted.planted, wire).map((kind) => `${server} shows a ${kind}`))
    } finally {
      await planted.stop()
    }
  }
  return { tools, kinds: kinds.size, planted: count, leaked }
}

/** Everything a client reads, stdout and stderr alike, from a server over streams. Throws where a reading tool is not called. */
async function read({ calls, reading, serve }: PlantedServer): Promise<string> {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()]
  let wire = ''
  const waiting = new Map<number, (line: { result?: unknown; error?: unknown }) => void>()
  let rest = ''
  stdout.on('data', (chunk) => {
    wire += chunk
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines.map((text) => JSON.parse(text))) waiting.get(line.id)?.(line)
  })
  stderr.on('data', (chunk) => {
    wire += chunk
  })
  const { config } = parseConfig(['--read-only'], {})
  const server = await serve({ config, stdin, stdout, stderr, now: Date.now })
  let id = 0
  const ask = (method: string, params: object) =>
    new Promise<{ result?: unknown; error?: unknown }>((resolve) => {
      id += 1
      waiting.set(id, resolve)
      stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`)
    })
  try {
    const clientInfo = { name: 'bench', version: '0' }
    await ask('initialize', { protocolVersion: '2025-06-18', capabilities: {}, clientInfo })
    for (const { tool, args, mayBeForbidden } of calls) {
      const { result, error } = await ask('tools/call', { name: tool, arguments: args })
      const { isError, structuredContent } = Object(result)
      if (mayBeForbidden && structuredContent?.error?.code === 'forbidden') continue
      if (error || isError) throw new Error(`${tool} ${JSON.stringify(args)}: ${JSON.stringify(error ?? result)}`)
    }
  } finally {
    await server.stop('the bench has read it all')
  }
  const missed = reading.filter((name) => !calls.some(({ tool }) => tool === name))
  if (missed.length > 0) throw new Error(`no call reads with ${missed.join(', ')}`)
  return wire
}

/** The hidden parts that stand in the text: as they are, in base64 at any offset, or in hexadecimal. */
function leaks(planted: readonly Secret[], wire: string): string[] {
  return planted.flatMap(({ kind, hidden }) =>
    hidden.filter((value) => formsOf(value).some((form) => wire.includes(form))).map(() => kind),
  )
}

function formsOf(value: string): string[] {
  const inner = (offset: number) => {
    const text = Buffer.from('x'.repeat(offset) + value).toString('base64')
    // The first and last characters depend on what stands around the value.
    return text.slice(offset === 0 ? 0 : 4, -4)
  }
  return [value, JSON.stringify(value).slice(1, -1), inner(0), inner(1), inner(2), Buffer.from(value).toString('hex')]
}
