import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseConfig } from '../src/config.ts'
import { ConfigurationError } from '../src/errors.ts'
import { grantSigner } from './grant-signer.ts'

const own = [{ name: 'context', value: 'NAME…', help: 'which contexts' }]

function problems(argv: string[], env: Record<string, string> = {}): readonly string[] {
  try {
    parseConfig(argv, env, own)
    return []
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems
    throw error
  }
}

test('nothing configured is stdio without a grant key', () => {
  const { config } = parseConfig([], {})
  expect(config).toEqual({
    readOnly: false,
    noPlatform: false,
    http: undefined,
    deny: [],
    grantKey: undefined,
    callTimeout: 30_000,
  })
})

test('flags and environment say the same, and flags win', () => {
  const file = join(tmpdir(), `token-${process.pid}`)
  writeFileSync(file, '0123456789abcdef0123456789abcdef\n')
  const flags = [
    '--read-only',
    '--http',
    '127.0.0.1:8765',
    '--token-file',
    file,
    '--deny',
    'Node',
    'pod/kube-system',
    '--context',
    'a,b',
    '--context',
    'c',
  ]
  const parsed = parseConfig(flags, { MCP_HTTP: '127.0.0.1:1' }, own)
  expect(parsed.config).toMatchObject({ readOnly: true, deny: ['node', 'pod/kube-system'] })
  expect(parsed.config.http).toMatchObject({ host: '127.0.0.1', port: 8765, token: '0123456789abcdef0123456789abcdef' })
  expect(parsed.own.get('context')).toEqual(['a', 'b', 'c'])
  const env = { MCP_READ_ONLY: '1', MCP_HTTP: '[::1]:0', MCP_TOKEN: '0123456789abcdef', MCP_DENY: 'node' }
  expect(parseConfig([], env).config).toMatchObject({ readOnly: true, deny: ['node'], http: { host: '::1', port: 0 } })
})

test.each([
  [true, ['on', 'On', '1', 'true', 'TRUE', 'yes']],
  [false, ['', 'off', 'OFF', '0', 'false', 'no']],
])('MCP_READ_ONLY is %s for each of its words, in any case', (readOnly, words) => {
  for (const word of words) expect(parseConfig([], { MCP_READ_ONLY: word }).config, word).toMatchObject({ readOnly })
})

test('a word for MCP_READ_ONLY that is neither on nor off is a problem, and so it is beside the flag', () => {
  const said = ['MCP_READ_ONLY must be on or off, not "enabled".']
  for (const argv of [[], ['--read-only']]) expect(problems(argv, { MCP_READ_ONLY: 'enabled' })).toEqual(said)
})

test('every problem is named at once, and no secret with it', () => {
  const found = problems(['--exec', 'x', '--http', 'nowhere', '--deny', 'a b', '--rate-limit', '-1'], {
    MCP_TOKEN: 'tooshort',
    WATCHKEEPER_GRANT_PUBLIC_KEY: 'bm90IGEga2V5',
  })
  expect(found.length).toBeGreaterThanOrEqual(5)
  expect(found.join('\n')).toMatch(/--exec.*\n.*"x"/)
  expect(found.join('\n')).toContain('--http must be HOST:PORT')
  expect(found.join('\n')).toContain('openssl rand -hex 32')
  expect(found.join('\n')).toContain('WATCHKEEPER_GRANT_PUBLIC_KEY')
  expect(found.join('\n')).not.toContain('tooshort')
})

test('HTTP without a token does not start', () => {
  expect(problems(['--http', '127.0.0.1:0'])).toEqual([
    'HTTP needs a bearer token: give --token-file FILE, or set MCP_TOKEN.',
  ])
})

test('the grant key is read as DER or PEM, and a private key is refused', () => {
  expect(
    parseConfig([], { WATCHKEEPER_GRANT_PUBLIC_KEY: grantSigner().publicKey }).config.grantKey?.asymmetricKeyType,
  ).toBe('ed25519')
  expect(problems([], { WATCHKEEPER_GRANT_PUBLIC_KEY_FILE: '/does/not/exist' }).join()).toContain('ENOENT')
})
