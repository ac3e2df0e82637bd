import { mkdtemp, rm } from 'node:fs/promises'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { pino } from 'pino'
import { afterAll, afterEach, beforeAll, beforeEach, expect, type MockInstance, test, vi } from 'vitest'
import { receiveCommand } from '../../src/cli/receive-command.ts'
import { addressOf, nearAddressOf } from '../../src/config/address.ts'
import { type Agent, agentWithin } from '../support/agent.ts'
import { type TestDatabase, testDatabase } from '../support/postgres.ts'

const payload = fileURLToPath(new URL('../fixtures/alertmanager/firing-single.json', import.meta.url))

/** Some machines that build have no IPv6. */
const hasIpv6 = Object.values(networkInterfaces()).some((addresses) =>
  addresses?.some(({ family }) => family === 'IPv6'),
)
const everywhere = hasIpv6 ? '::' : '0.0.0.0'

let db: TestDatabase
let folder: string
let agent: Agent
let env: Record<string, string>
let said: MockInstance<typeof process.stdout.write>

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'watchkeeper-receive-'))
  db = await testDatabase()
  env = {
    DATABASE_URL: db.url,
    DATA_DIR: folder,
    HOST: everywhere,
    CONSOLE: 'off',
    WEBHOOK_USERNAME: 'am',
    WEBHOOK_PASSWORD: 'correct: horse ü',
  }
  agent = await agentWithin({ env: { ...env, PORT: '0' }, log: pino({ level: 'silent' }), grantTtlMs: 500 })
  env.PORT = new URL(agent.url).port
})
afterAll(async () => {
  await agent?.stop()
  await db?.close()
  await rm(folder, { recursive: true, force: true })
})
beforeEach(() => {
  said = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
})
afterEach(() => vi.restoreAllMocks())

test('an agent that listens on every address, and takes a user and password alone, is reached', async () => {
  expect(agent.url).toBe(`http://${hasIpv6 ? '[::]' : '0.0.0.0'}:${env.PORT}`)
  expect(await receiveCommand(payload, {}, env)).toBe(0)
  expect(said.mock.calls.join()).toContain('1 alert was taken: incident #1.')
})

test('a user and password that are refused are told as such', async () => {
  await expect(receiveCommand(payload, {}, { ...env, WEBHOOK_PASSWORD: 'another horse' })).rejects.toThrow(
    /refused the user and password\. Set WEBHOOK_USERNAME/,
  )
})

test('a token that is given goes before what is configured', async () => {
  await expect(receiveCommand(payload, { token: 'x' }, env)).rejects.toThrow(/refused the token/)
})

test.each(['localhost:8484', '127.0.0.1:8484', 'watchkeeper', 'ftp://watchkeeper', ''])(
  '%j is told to be no web address, not an agent that is away',
  async (url) => {
    await expect(receiveCommand(payload, { url }, env)).rejects.toThrow(/is no web address\. Write all of it/)
  },
)

test('where nothing is configured and no agent ever ran, that is said', async () => {
  const { DATABASE_URL = '' } = env
  await expect(receiveCommand(payload, {}, { DATABASE_URL, DATA_DIR: folder })).rejects.toThrow(
    /No webhook token is known/,
  )
})

test('an IPv6 host stands in brackets, and one that means all is near at the loopback address', () => {
  expect(addressOf('::', 1)).toBe('http://[::]:1')
  expect(addressOf('watch.example', 1)).toBe('http://watch.example:1')
  expect(nearAddressOf('::', 1)).toBe('http://[::1]:1')
  expect(nearAddressOf('0.0.0.0', 1)).toBe('http://127.0.0.1:1')
  expect(nearAddressOf('fd00::5', 1)).toBe('http://[fd00::5]:1')
})
