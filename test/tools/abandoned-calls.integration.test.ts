import { type ChildProcess, spawn } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { grantSigner } from '../../src/tools/grants.ts'
import type { ServerEntry } from '../../src/tools/mcp-servers.ts'
import { mcpToolbox } from '../../src/tools/mcp-toolbox.ts'
import type { Toolbox } from '../../src/tools/toolbox.ts'

const MAIN = fileURLToPath(new URL('../../mcp-servers/prometheus/src/main.ts', import.meta.url))
const TOKEN = 'a-bearer-token-for-this-test'
// The server itself gives nothing up while this runs.
const PATIENT = { MCP_CALL_TIMEOUT: '600' }
const signer = grantSigner(
  generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
)

let vendor: Server
let vendorUrl: string
/** What came to the vendor, and of that, what was broken off by the one who asked. */
let asked: number
let broken: number
let toolbox: Toolbox
let child: ChildProcess | undefined

beforeEach(async () => {
  asked = 0
  broken = 0
  vendor = createServer((_request, response) => {
    asked += 1
    response.on('close', () => {
      broken += 1
    })
  })
  await new Promise<void>((resolve) => vendor.listen(0, '127.0.0.1', resolve))
  vendorUrl = `http://127.0.0.1:${(vendor.address() as AddressInfo).port}`
})
afterEach(async () => {
  await toolbox.close()
  child?.kill('SIGKILL')
  child = undefined
  vendor.closeAllConnections()
  await new Promise((resolve) => vendor.close(resolve))
})

const byStdio = async (): Promise<ServerEntry> => ({
  command: process.execPath,
  args: [MAIN],
  env: { PROMETHEUS_URL: vendorUrl, ...PATIENT },
})

async function byHttp(): Promise<ServerEntry> {
  const started = spawn(process.execPath, [MAIN, '--http', '127.0.0.1:0'], {
    env: { ...process.env, PROMETHEUS_URL: vendorUrl, MCP_TOKEN: TOKEN, ...PATIENT },
    stdio: ['pipe', 'ignore', 'pipe'],
  })
  child = started
  for await (const line of createInterface({ input: started.stderr })) {
    const url = /"transport":"(http[^"]+)"/.exec(line)?.[1]
    if (url !== undefined) return { url, headers: { authorization: `Bearer ${TOKEN}` } }
  }
  throw new Error('the server did not start')
}

test.each([
  ['stdio', byStdio],
  ['Streamable HTTP', byHttp],
])('a call that is given up over %s is given up by the server too, down to its platform', async (_how, entryOf) => {
  toolbox = mcpToolbox({
    servers: new Map([['prometheus', await entryOf()]]),
    signer,
    clock: Date.now,
    log: { warn() {}, info() {} },
    pins: { check: async () => undefined },
    env: {},
  })
  const given = new AbortController()
  const call = toolbox.call('prometheus.query', { expression: 'up' }, { deadlineMs: 60_000, signal: given.signal })
  await expect.poll(() => asked, { timeout: 20_000 }).toBe(1)
  expect(broken).toBe(0)
  given.abort()
  await expect.poll(() => broken, { timeout: 10_000 }).toBe(1)
  expect(await call).toMatchObject({ ok: false, uncertain: true })
  // The session itself goes on.
  expect(toolbox.status()).toMatchObject([{ state: 'ready' }])
})
