import { expect, test } from 'vitest'
import { looksSecretName, maskDeep, maskText } from '../src/mask.ts'

test.each([
  ['DB_PASSWORD=hunter2hunter2', 'DB_PASSWORD=[masked]'],
  ['password: "correct horse"', 'password: [masked]'],
  ['{"api_key":"abc123def456"}', '{"api_key":[masked]}'],
  ['run --admin-password swordfish --verbose', 'run --admin-password [masked] --verbose'],
  ['postgres://app:s3cr3t@db:5432/x', 'postgres://app:[masked]@db:5432/x'],
  ['Authorization: Bearer abcdefghijklmnopqrstuv', 'Authorization: Bearer [masked]'],
  ['eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmN', '[masked]'],
  ['join abcdef.0123456789abcdef now', 'join [masked] now'],
  ['key AKIAIOSFODNN7EXAMPLE used', 'key [masked] used'],
  ['-----BEGIN PRIVATE KEY-----\nMIIEvQ\n-----END PRIVATE KEY-----\nafter', '[masked]\nafter'],
  ['-----BEGIN RSA PRIVATE KEY-----\nMIIEvQ and cut', '[masked]'],
])('%s is masked', (text, masked) => {
  expect(maskText(text)).toBe(masked)
})

test.each([
  'Back-off restarting failed container app in pod cart-7d9f_shop',
  'Successfully pulled image "ghcr.io/example/cart:1.4.2" in 2.1s',
  'secretName stays, tokens are counted, keys turn',
  'GET /api/orders 200 12ms',
  'sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
])('%s stays as it is', (text) => {
  expect(maskText(text)).toBe(text)
})

test('names that hold a secret are told from names that point at one', () => {
  for (const name of [
    'DB_PASSWORD',
    'apiKey',
    'token',
    'client_secret',
    'SMTP_PASS',
    'SIGNING_KEY',
    'tls.key',
    'basic.auth',
  ])
    expect(looksSecretName(name)).toBe(true)
  for (const name of [
    'secretName',
    'tokenPath',
    'secretKeyRef',
    'passive',
    'author',
    'keyboard',
    'topologyKey',
    'key',
    'automountServiceAccountToken',
  ])
    expect(looksSecretName(name)).toBe(false)
})

test('structures are masked by name and by shape, and keep their shape', () => {
  expect(
    maskDeep({
      user: 'app',
      password: 'x1',
      nested: [{ url: 'https://a:b@c' }],
      tokenExpirationSeconds: 60,
      secretName: 's',
    }),
  ).toEqual({
    user: 'app',
    password: '[masked]',
    nested: [{ url: 'https://a:[masked]@c' }],
    tokenExpirationSeconds: 60,
    secretName: 's',
  })
})

test.each(['ED25519 ', 'RSA ', 'EC ', 'OPENSSH ', ''])('a %sprivate key in base64 is masked', (kind) => {
  const pem = Buffer.from(`-----BEGIN ${kind}PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA==\n`).toString('base64')
  expect(maskText(`key: ${pem} end`)).toBe('key: [masked] end')
  const certificate = Buffer.from('-----BEGIN CERTIFICATE-----\nMIIB\n').toString('base64')
  expect(maskText(`crt: ${certificate}`)).toBe(`crt: ${certificate}`)
})

test('masking twice is masking once', () => {
  const once = maskText('token=abc --password x url://a:b@c Bearer abcdefghijklmnopqrstuvwxyz')
  expect(maskText(once)).toBe(once)
})

test.each(['a', 'token', '-', 'eyJ', 'token ', 'a://', '=', 'password:', '\u001b['])(
  'a megabyte of %j takes no time',
  (piece) => {
    const text = piece.repeat(1_000_000 / piece.length)
    const started = performance.now()
    maskText(text)
    expect(performance.now() - started).toBeLessThan(1_500)
  },
)
