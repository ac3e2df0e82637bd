import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { parseConfig } from '../src/config.ts'
import { serve } from '../src/serve.ts'
import { hangingPort } from './hanging-port.ts'
import { type Lamp, look, turn } from './toy.ts'

/** A server over streams instead of a process's own, with one call that the platform never answers. */
async function callThatHangs() {
  const { port, called, aborted } = hangingPort<Lamp>({ name: 'one' })
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough().resume()]
  const about = { name: 'test', title: 'Test', version: '0', instructions: '' }
  const definition = { ...about, tools: [look, turn], ports: new Map([['one', port]]) }
  const { config } = parseConfig([], {})
  const server = await serve(definition, { config, stdin, stdout, stderr, now: Date.now })
  const send = (message: object) => stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
  const clientInfo = { name: 'raw', version: '0' }
  send({ id: 1, method: 'initialize', params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo } })
  send({ method: 'notifications/initialized' })
  send({ id: 2, method: 'tools/call', params: { name: 'look', arguments: {} } })
  await called
  return { stdin, stdout: stdout.resume(), server, send, aborted }
}

test('the end of stdin reaches the platform, and ends the server', async () => {
  const { stdin, server, aborted } = await callThatHangs()
  stdin.end()
  await aborted
  await server.closed
})

test('a client that dies without a word is the same as one that closes stdin', async () => {
  const { stdin, server, aborted } = await callThatHangs()
  stdin.destroy()
  await aborted
  await server.closed
})

test('a stdout that nobody reads any more ends it too', async () => {
  const { stdout, server, aborted } = await callThatHangs()
  stdout.destroy(new Error('EPIPE'))
  await aborted
  await server.closed
})

test('a cancelled call reaches the platform, and the server goes on', async () => {
  const { server, send, aborted } = await callThatHangs()
  send({ method: 'notifications/cancelled', params: { requestId: 2 } })
  expect(await aborted).toBeDefined()
  await server.stop('the test ended')
})
