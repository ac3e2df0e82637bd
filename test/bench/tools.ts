import { readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { type Bound, report } from './report.ts'
import { serverBenches } from './servers/index.ts'
import type { BenchPlatform } from './servers/server-bench.ts'
import { startHttp } from './servers/start-http.ts'

const WARM_UP = 100
const AT_REST_MS = 1_500
const ADDED_P50_MS = 5

interface Figures {
  /** The worse of the two transports, in milliseconds over the raw call. */
  added_p50_ms: number
  added_p99_ms: number
  list_bytes: number
  rss_mb: number
}

type Connected = { client: Client; pid: number; stop(): Promise<void> }

/**
 * What a server costs: the time it adds to the same call sent to the platform directly, over both transports; what its list of
 * tools weighs; and how much memory it takes at rest.
 */
async function main(): Promise<number> {
  const { values } = parseArgs({ options: { json: { type: 'boolean' }, calls: { type: 'string', default: '600' } } })
  const servers: Record<string, Figures> = {}
  const flat: Record<string, number> = {}
  const bounds: Record<string, Bound> = {}
  for (const { server, limits, start } of serverBenches) {
    const platform = await start()
    try {
      const found = await measure(platform, Number(values.calls))
      servers[server] = found
      for (const [name, value] of Object.entries(found)) flat[`${server}.${name}`] = value
    } finally {
      await platform.stop()
    }
    bounds[`${server}.added_p50_ms`] = { atMost: ADDED_P50_MS }
    bounds[`${server}.list_bytes`] = { atMost: limits.listBytes }
    bounds[`${server}.rss_mb`] = { atMost: limits.rssMb }
  }
  const code = report(flat, bounds, false)
  if (values.json) process.stdout.write(`${JSON.stringify({ servers })}\n`)
  return code
}

async function measure(platform: BenchPlatform, calls: number): Promise<Figures> {
  const found: Figures = { added_p50_ms: 0, added_p99_ms: 0, list_bytes: 0, rss_mb: 0 }
  for (const connect of [overStdio, overHttp]) {
    const { client, pid, stop } = await connect(platform)
    try {
      const list = await client.listTools()
      found.list_bytes = Math.max(found.list_bytes, Buffer.byteLength(JSON.stringify(list)))
      await look(client, platform)
      await pause(AT_REST_MS)
      found.rss_mb = Math.max(found.rss_mb, residentMb(pid))
      const added = await timed(client, platform, calls)
      process.stderr.write(
        `  ${connect === overStdio ? 'stdio' : 'http'}: ${added(0.5)} ms p50, ${added(0.99)} ms p99\n`,
      )
      found.added_p50_ms = Math.max(found.added_p50_ms, added(0.5))
      found.added_p99_ms = Math.max(found.added_p99_ms, added(0.99))
    } finally {
      await stop()
    }
  }
  return found
}

/** By turns a raw call and one through the server, so that both see the same machine. */
async function timed(client: Client, platform: BenchPlatform, calls: number): Promise<(share: number) => number> {
  const [raw, through]: [number[], number[]] = [[], []]
  for (let i = 0; i < calls + WARM_UP; i++) {
    const begun = performance.now()
    await platform.raw()
    const between = performance.now()
    await look(client, platform)
    const ended = performance.now()
    if (i < WARM_UP) continue
    raw.push(between - begun)
    through.push(ended - between)
  }
  return (share) => Math.round((rank(through, share) - rank(raw, share)) * 100) / 100
}

async function look(client: Client, { look: { tool, args } }: BenchPlatform): Promise<void> {
  const answer = await client.callTool({ name: tool, arguments: args })
  if (answer.isError) throw new Error(`${tool} failed: ${JSON.stringify(answer.content)}`)
}

function rank(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? 0
}

function residentMb(pid: number): number {
  const [, kilobytes = '0'] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Math.round(Number(kilobytes) / 1024)
}

async function overStdio({ main: file, flags, env }: BenchPlatform): Promise<Connected> {
  const args = [file, ...flags]
  const transport = new StdioClientTransport({ command: process.execPath, args, env: { ...env }, stderr: 'ignore' })
  const client = new Client({ name: 'bench', version: '0' })
  await client.connect(transport)
  return { client, pid: transport.pid ?? 0, stop: () => client.close() }
}

async function overHttp(platform: BenchPlatform): Promise<Connected> {
  const { url, token, pid, stop } = await startHttp(platform)
  const client = new Client({ name: 'bench', version: '0' })
  const requestInit = { headers: { authorization: `Bearer ${token}` } }
  await client.connect(new StreamableHTTPClientTransport(url, { requestInit }))
  return {
    client,
    pid,
    async stop() {
      await client.close()
      await stop()
    },
  }
}

process.exitCode = await main()
