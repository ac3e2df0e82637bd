import { expect, test } from 'vitest'
import { type GrantParts, grantSigner } from './grant-signer.ts'
import { testServer } from './test-server.ts'
import { lamp, look, turn } from './toy.ts'

const NOW = 1_800_000_000_000
const args = { on: true, dry_run: false }

async function setUp({ keyed = true } = {}) {
  const clock = { now: NOW }
  const { port, asked } = lamp()
  const server = await testServer([look, turn], { one: port }, { now: () => clock.now, keyed })
  const right = { tool: 'turn', arguments: args, audience: server.audience }
  const send = async (grant: string | undefined, sent: Record<string, unknown> = args) => {
    const answer = await server.call('turn', sent, grant === undefined ? {} : { grant })
    const { error } = answer.structuredContent as { error?: { code: string; message: string } }
    return error?.code ?? 'done'
  }
  return { server, clock, asked, right, send }
}

test('a grant for exactly this call is accepted, once', async () => {
  const { server, right, send, asked } = await setUp()
  const grant = server.signer.grant(right)
  expect(await send(grant)).toBe('done')
  expect(await send(grant)).toBe('grant_replayed')
  expect(asked).toEqual(['set true'])
})

test.each<[string, Partial<GrantParts>, string]>([
  ['another tool', { tool: 'look' }, 'grant_mismatch'],
  ['other arguments', { arguments: { on: false, dry_run: false } }, 'grant_mismatch'],
  ['arguments with a default spelled out', { arguments: { ...args, precondition: null } }, 'grant_mismatch'],
  ['another server process', { audience: 'another' }, 'grant_mismatch'],
  ['a moment that has passed', { iat: NOW - 60_000, exp: NOW - 1 }, 'grant_expired'],
  ['exactly now as its end', { iat: NOW - 60_000, exp: NOW }, 'grant_expired'],
  ['longer than two minutes', { iat: NOW, exp: NOW + 120_001 }, 'grant_invalid'],
  ['a clock far ahead', { iat: NOW + 31_000, exp: NOW + 60_000 }, 'grant_invalid'],
])('a grant for %s is refused', async (_what, wrong, code) => {
  const { server, right, send, asked } = await setUp()
  expect(await send(server.signer.grant({ ...right, ...wrong }))).toBe(code)
  expect(asked).toEqual([])
})

test('the order of arguments does not matter, their values do', async () => {
  const { server, right, send } = await setUp()
  expect(await send(server.signer.grant(right), { dry_run: false, on: true })).toBe('done')
})

test('forged, broken and missing grants are refused', async () => {
  const { server, right, send, asked } = await setUp()
  const good = server.signer.grant(right)
  const [payload = '', signature = ''] = good.split('.')
  const altered = Buffer.from(Buffer.from(payload, 'base64url').toString().replace('alice', 'mallo')).toString(
    'base64url',
  )
  expect(await send(grantSigner(() => NOW).grant(right))).toBe('grant_invalid')
  expect(await send(`${altered}.${signature}`)).toBe('grant_invalid')
  expect(await send(`${payload}.`)).toBe('grant_invalid')
  expect(await send(`${good}.x`)).toBe('grant_invalid')
  expect(await send('nonsense')).toBe('grant_invalid')
  expect(await send(undefined)).toBe('grant_missing')
  expect(asked).toEqual([])
})

test('a server without a key refuses every change and says which variable to set', async () => {
  const { server, right, send } = await setUp({ keyed: false })
  expect(await send(server.signer.grant(right))).toBe('grant_invalid')
  const { structuredContent } = await server.call('turn', args)
  expect(JSON.stringify(structuredContent)).toContain('WATCHKEEPER_GRANT_PUBLIC_KEY')
})

test('a clock that steps back does not bring a spent grant back', async () => {
  const { server, right, send, clock } = await setUp()
  const grant = server.signer.grant(right)
  expect(await send(grant)).toBe('done')
  clock.now = NOW + 40_000
  expect(await send(server.signer.grant({ ...right, iat: NOW + 40_000 }))).toBe('done')
  clock.now = NOW
  expect(await send(grant)).toBe('grant_expired')
})
