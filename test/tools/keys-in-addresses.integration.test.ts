import { generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { grantSigner } from '../../src/tools/grants.ts'
import { mcpToolbox } from '../../src/tools/mcp-toolbox.ts'
import { somebodysHttpServer } from './somebodys-http-server.ts'

const KEYS = '/key-in-path/mcp?token=key-in-query'
const permit = { plan: 'wk1:00', effect: '0192d3a4-5b6c-4d7e-8f90-a1b2c3d4e5f6', approver: 'alice', ttlMs: 15_000 }

/** Calls a change of somebody else's server at this address; `said` is everything that anybody is told of it. */
async function called(url: string) {
  const log: unknown[] = []
  const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const toolbox = mcpToolbox({
    servers: new Map([['notes', { url, headers: {}, declared: new Map([['create', 'write']]) }]]),
    signer: grantSigner(pem),
    clock: Date.now,
    log: { warn: (...line) => void log.push(line), info: (...line) => void log.push(line) },
    pins: { check: async () => undefined },
    env: {},
  })
  const answer = await toolbox.call('notes.create', {}, { deadlineMs: 5_000, permit })
  const said = JSON.stringify([answer, toolbox.status(), log])
  await toolbox.close()
  return { answer, said }
}

test('a server that repeats its address as it refuses a connection: no key of it is told, logged or answered', async () => {
  const server = createServer((request, response) => response.writeHead(404).end(`Cannot POST ${request.url}`))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const { answer, said } = await called(`http://127.0.0.1:${port}${KEYS}`)
  expect(answer).toMatchObject({ ok: false, message: expect.stringContaining('Cannot POST /…') })
  expect(said).not.toContain('key-in')
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

test('a server that repeats its address as it breaks off a call: no key of it is told, logged or answered', async () => {
  const tool = { name: 'create', description: 'Makes a note.', inputSchema: { type: 'object' } }
  const server = await somebodysHttpServer([tool], () => '', { sessionless: true })
  const { answer, said } = await called(`${new URL(server.url).origin}${KEYS}`)
  expect(answer).toMatchObject({ ok: false, message: expect.stringContaining('broke off') })
  expect(said).toContain('Cannot POST /…')
  expect(said).not.toContain('key-in')
  await server.stop()
})
