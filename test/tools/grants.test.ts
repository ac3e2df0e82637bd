import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, readFile, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { grantDesk, readGrantKey } from '../../mcp-servers/shared/src/grants.ts'
import { grantSigner, keyFromFolder } from '../../src/tools/grants.ts'

const NOW = 1_795_000_000_000
const permit = {
  plan: `wk1:${'ab'.repeat(32)}`,
  effect: '0192d3a4-5b6c-4d7e-8f90-a1b2c3d4e5f6',
  approver: 'person:alice',
  ttlMs: 15_000,
}
const scale = { namespace: 'shop', workload: 'deployment/cart', replicas: 3, dry_run: false }

function pem(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}

/** The agent's signer and a server that knows its public half: two programs that share only the protocol. */
function pair() {
  const signer = grantSigner(pem())
  let now = NOW
  const server = grantDesk({ key: readGrantKey(signer.publicKey), audience: 'server-1', now: () => now })
  const grant = (changes: Partial<Parameters<typeof signer.grant>[0]> = {}) =>
    signer.grant({ permit, tool: 'scale', args: scale, audience: 'server-1', now: NOW, ...changes })
  return { signer, server, grant, pass: (ms: number) => (now += ms) }
}

const refusal = (code: string) => expect.objectContaining({ code })

test('a grant of the agent permits exactly one call at the server', () => {
  const { server, grant } = pair()
  const text = grant()
  expect(server.redeem({ tool: 'scale', arguments: scale, grant: text })).toMatchObject({
    ...{ plan: permit.plan, effect: permit.effect, approver: 'person:alice' },
    audience: 'server-1',
    exp: NOW + 15_000,
  })
  expect(() => server.redeem({ tool: 'scale', arguments: scale, grant: text })).toThrow(refusal('grant_replayed'))
})

test('the order of arguments does not matter, and every value does', () => {
  const { server, grant } = pair()
  const turned = Object.fromEntries(Object.entries(scale).reverse())
  expect(server.redeem({ tool: 'scale', arguments: turned, grant: grant() })).toMatchObject({ tool: 'scale' })
  for (const other of [{ ...scale, replicas: 0 }, { ...scale, force: true }, { namespace: 'shop' }])
    expect(() => server.redeem({ tool: 'scale', arguments: other, grant: grant() })).toThrow(refusal('grant_mismatch'))
})

test('a grant is for one tool, one server process and a few seconds', () => {
  const { server, grant, pass } = pair()
  expect(() => server.redeem({ tool: 'set_resources', arguments: scale, grant: grant() })).toThrow(
    refusal('grant_mismatch'),
  )
  expect(() => server.redeem({ tool: 'scale', arguments: scale, grant: grant({ audience: 'server-2' }) })).toThrow(
    refusal('grant_mismatch'),
  )
  const long = grant({ permit: { ...permit, ttlMs: 121_000 } })
  expect(() => server.redeem({ tool: 'scale', arguments: scale, grant: long })).toThrow(refusal('grant_invalid'))
  const late = grant()
  pass(15_000)
  expect(() => server.redeem({ tool: 'scale', arguments: scale, grant: late })).toThrow(refusal('grant_expired'))
})

test('a server clock that steps back revives nothing', () => {
  const { server, grant, pass } = pair()
  const late = grant()
  pass(60_000)
  expect(() => server.redeem({ tool: 'scale', arguments: scale, grant: late })).toThrow(refusal('grant_expired'))
  pass(-60_000)
  expect(() => server.redeem({ tool: 'scale', arguments: scale, grant: late })).toThrow(refusal('grant_expired'))
})

test('a forged, cut, swapped or absent grant is refused', () => {
  const { server, grant } = pair()
  const stranger = pair().grant()
  const [payload = '', signature = ''] = grant().split('.')
  const other = grant({ args: { ...scale, replicas: 0 } }).split('.')
  const forgeries = [
    stranger,
    payload,
    `${payload}.`,
    `.${signature}`,
    `${payload}.${signature}.x`,
    `${other[0]}.${signature}`,
    'x.y',
    '',
    7,
    {},
  ]
  for (const forged of forgeries)
    expect(() => server.redeem({ tool: 'scale', arguments: scale, grant: forged })).toThrow(refusal('grant_invalid'))
  for (const none of [undefined, null])
    expect(() => server.redeem({ tool: 'scale', arguments: scale, grant: none })).toThrow(refusal('grant_missing'))
})

test('only an Ed25519 key signs, and the error says how to make one', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString()
  expect(() => grantSigner(rsa)).toThrow(
    'GRANT_KEY must be an Ed25519 key. Make one with: openssl genpkey -algorithm ed25519',
  )
  expect(() => grantSigner('nonsense')).toThrow(/^GRANT_KEY is not a private key in PEM\. Make one with:/)
})

test('an installation makes its key once, and keeps it to itself', async () => {
  const path = join(await mkdtemp(join(tmpdir(), 'watchkeeper-key-')), 'keys', 'grant.pem')
  const made = await Promise.all([keyFromFolder(path), keyFromFolder(path)])
  expect(new Set([...made, await keyFromFolder(path), await readFile(path, 'utf8')]).size).toBe(1)
  expect((await stat(path)).mode & 0o077).toBe(0)
})

test.each(['', 'half a key'])('a file that holds %j instead of a key is named, and not replaced', async (content) => {
  const path = join(await mkdtemp(join(tmpdir(), 'watchkeeper-key-')), 'grant.pem')
  await writeFile(path, content)
  await expect(keyFromFolder(path)).rejects.toThrow(`The file ${path} does not hold an Ed25519 private key in PEM.`)
  expect(await readFile(path, 'utf8')).toBe(content)
})
