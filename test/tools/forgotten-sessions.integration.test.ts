import { generateKeyPairSync } from 'node:crypto'
import { afterEach, expect, test } from 'vitest'
import { grantSigner } from '../../src/tools/grants.ts'
import { mcpToolbox } from '../../src/tools/mcp-toolbox.ts'
import type { Toolbox } from '../../src/tools/toolbox.ts'
import { type SomebodysHttpServer, somebodysHttpServer } from './somebodys-http-server.ts'

const signer = grantSigner(
  generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
)
const permit = { plan: 'wk1:00', effect: '0192d3a4-5b6c-4d7e-8f90-a1b2c3d4e5f6', approver: 'alice', ttlMs: 15_000 }
const deadline = { deadlineMs: 5_000 }
const tool = (name: string, description: string) => ({ name, description, inputSchema: { type: 'object' } })
const text = JSON.stringify({ content: [{ type: 'text', text: 'did it' }] })

let server: SomebodysHttpServer
let toolbox: Toolbox
const tools: object[] = []
/** `own`: the server is one of ours, which knows grants; else somebody else's, whose tools are declared. */
const begin = async ({ own = false, ...options }: { own?: boolean; forgetful?: boolean; sessionless?: boolean }) => {
  tools.splice(0, tools.length, tool('find', 'Finds notes.'), tool('create', 'Makes a note.'))
  server = await somebodysHttpServer(tools, () => text, { ...options, grants: own })
  const declared = new Map([
    ['find', 'read'],
    ['create', 'write'],
  ] as const)
  toolbox = mcpToolbox({
    servers: new Map([['notes', { url: server.url, headers: {}, ...(!own && { declared }) }]]),
    signer,
    clock: Date.now,
    log: { warn() {}, info() {} },
    pins: { check: async () => undefined },
    env: {},
  })
}
afterEach(async () => {
  await toolbox.close()
  await server.stop()
})

test('a session that the server has forgotten is opened anew, once for all calls that run beside each other', async () => {
  await begin({ own: true })
  const find = () => toolbox.call('notes.find', {}, deadline)
  await find()
  server.forget()
  expect(await Promise.all([find(), find(), find()])).toMatchObject([{ ok: true }, { ok: true }, { ok: true }])
  expect(server.sessions()).toBe(2)
  expect(server.calls()).toEqual(['find', 'find', 'find', 'find'])
  server.forget()
  expect(await toolbox.call('notes.create', {}, { ...deadline, permit })).toMatchObject({ ok: true })
  expect(server.calls().filter((name) => name === 'create')).toHaveLength(1)
})

test('a server that forgets every session has read nothing, and is not asked for ever', async () => {
  await begin({ own: true, forgetful: true })
  expect(await toolbox.call('notes.create', {}, { ...deadline, permit })).toMatchObject({
    ok: false,
    code: 'unreachable',
    uncertain: false,
  })
  expect(server.sessions()).toBe(2)
  expect(server.calls()).toEqual([])
})

test('a change whose tool is another after the session was opened anew is not sent; a look is', async () => {
  await begin({ own: true })
  await toolbox.call('notes.find', {}, deadline)
  tools.splice(0, tools.length, tool('find', 'Finds notes, quickly.'), tool('create', 'Makes two notes.'))
  server.forget()
  expect(await toolbox.call('notes.create', {}, { ...deadline, permit })).toMatchObject({
    ok: false,
    code: 'conflict',
    uncertain: false,
    message: 'notes.create has changed since it was last looked at.',
  })
  tools.splice(0, 1, tool('find', 'Finds notes.'))
  server.forget()
  expect(await toolbox.call('notes.find', {}, deadline)).toMatchObject({ ok: true })
  expect(server.calls()).toEqual(['find', 'find'])
})

test('a change by somebody else’s server is sent once: after a refused session it is in doubt, and a look is sent again', async () => {
  await begin({})
  await toolbox.call('notes.find', {}, deadline)
  server.forget()
  const create = () => toolbox.call('notes.create', {}, { ...deadline, permit })
  expect(await create()).toMatchObject({ ok: false, code: 'unreachable', uncertain: true })
  expect(server.sessions()).toBe(1)
  expect(await create()).toMatchObject({ ok: true })
  server.forget()
  expect(await toolbox.call('notes.find', {}, deadline)).toMatchObject({ ok: true })
  expect(server.calls()).toEqual(['find', 'create', 'find'])
})

test.each([
  ['somebody else’s', false],
  ['our own', true],
])(
  'a 404 without a session is no refusal of one: %s server may have run the change, which is not sent again',
  async (_whose, own) => {
    await begin({ own, sessionless: true })
    expect(await toolbox.call('notes.create', {}, { ...deadline, permit })).toMatchObject({
      ok: false,
      code: 'unreachable',
      uncertain: true,
    })
    expect(server.calls()).toEqual(['create'])
  },
)
