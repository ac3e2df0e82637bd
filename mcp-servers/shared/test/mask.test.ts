import { expect, test } from 'vitest'
import { credentialFile, looksSecretName, maskDeep, maskInOrder, maskText } from '../src/mask.ts'

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
  ['postgres://app:p@ss:w0rd@db:5432/x', 'postgres://app:[masked]@db:5432/x'],
  ['redis://:s3cr3t@cache:6379', 'redis://:[masked]@cache:6379'],
  ['key: LS0tLS1CRUdJTiBFRDI1NTE5IFBSSVZBVEUgS0VZLS0tLS0K', 'key: [masked]'],
  ['root:$6$abcdefgh$0123456789abcdefghijABCDEFGHIJ./:19000:0', 'root:[masked]:19000:0'],
  ['PVEAPIToken=root@pam!watch=11111111-2222-3333-4444-555555555555', 'PVEAPIToken=[masked]'],
  ['made root@pam!watch=11111111-2222-3333-4444-555555555555 now', 'made root@pam!watch=[masked] now'],
  ['chpasswd:\n  list: |\n    root:hunter2\n    app:swordfish\npackages: [vim]', 'chpasswd: [masked]\npackages: [vim]'],
  ['chpasswd: expire: false list: | root:hunter2 app:swordfish packages: [vim]', 'chpasswd: [masked] packages: [vim]'],
  ['{"auths":{"ghcr.io":{"auth":"dXNlcjpwYXNzd29yZA=="}}}', '{"auths":{"ghcr.io":{"auth":"[masked]"}}}'],
  ['\tkey = AQBkZ2ZhYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3==', '\tkey = [masked]'],
  ['PresharedKey = 4u2mVv0F9W2cXv0=', 'PresharedKey = [masked]'],
  [`K3S_URL=x K10${'ab'.repeat(32)}::server:0123456789abcdef`, 'K3S_URL=x [masked]'],
  ['https://hooks.slack.com/services/T0AAAAAAA/B0AAAAAAA/abcdefghijklmnop', 'https://[masked]'],
  ['-----BEGIN RSA PRIVATE KEY-----\nMIIEvQ and cut', '[masked]'],
  ['-----BEGIN PGP PRIVATE KEY BLOCK-----\nlQOYBF\n-----END PGP PRIVATE KEY BLOCK-----\nafter', '[masked]\nafter'],
])('%s is masked', (text, masked) => {
  expect(maskText(text)).toBe(masked)
})

test('an event that is called by its name is told from a bootstrap token', () => {
  const event = 'keeper.1879f2c04be1d36a'
  const token = 'keeper.0123456789abcdef'
  const mask = maskInOrder()
  for (const show of [(name: string) => mask(name, 'name'), (name: string) => maskText(`event/${name} is gone`)]) {
    expect(show(event)).toContain(event)
    expect(show(token)).not.toContain(token)
  }
  expect(maskDeep({ kind: 'Event', metadata: { name: event }, involvedObject: { name: token } })).toEqual({
    kind: 'Event',
    metadata: { name: event },
    involvedObject: { name: '[masked]' },
  })
  // What looks like an event's name stands in a text, or under another word: it may as well be a token.
  expect(maskText(`join ${event} now`)).toBe('join [masked] now')
  expect(mask(event, 'message')).toBe('[masked]')
  expect(maskDeep({ id: event })).toEqual({ id: '[masked]' })
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

test.each([
  ['kubeconfig', 'apiVersion: v1\nkind: Config\nclusters:\n- name: a\nusers:\n- name: a\n  user: {token: x}\n'],
  ['kubeconfig', '{"apiVersion":"v1","kind":"Config","clusters":[],"users":[{"user":{"token":"x"}}]}'],
  ['talosconfig', 'context: main\ncontexts:\n  main:\n    endpoints: [10.0.0.1]\n    ca: x\n    crt: x\n    key: x\n'],
  ['machine config', 'version: v1alpha1\nmachine:\n  type: worker\n  token: x\ncluster:\n  id: x\n  secret: x\n'],
])('a whole %s is never shown, only that it is one', (kind, text) => {
  expect(credentialFile(text)).toBe(kind)
  expect(maskText(text)).toBe(`[masked] (a ${kind} of ${text.length} characters)`)
})

test.each(['kind: ConfigMap\nclusters: 3', 'machine: pve1', 'contexts: 2, endpoints: none', 'cluster:\n  machine: 2'])(
  '%j is no credential file',
  (text) => {
    expect(credentialFile(text)).toBeUndefined()
  },
)

test('a private key that comes line by line is masked from its first line to its last', () => {
  const mask = maskInOrder()
  const lines = [
    'starting',
    '-----BEGIN PRIVATE KEY-----',
    'MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7',
    '2026-11-01T10:00:00Z MIIEvQIBADANBgkqhkiG9w0BAQEFAASC',
    'cart-7d9f',
    'Zm9v',
    '-----END PRIVATE KEY----- done',
    'MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcw is a long word',
  ]
  expect(lines.map((line) => mask(line))).toEqual([
    'starting',
    '[masked]',
    '[masked]',
    '[masked]',
    'cart-7d9f',
    '[masked]',
    '[masked] done',
    'MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcw is a long word',
  ])
})

const PEM = [
  '-----BEGIN RSA PRIVATE KEY-----',
  'Proc-Type: 4,ENCRYPTED',
  'MIIEpAIBAAKCAQEA7bq2cutlinecutlinecutlinecutlinecutlinecutline12',
  'QIDAQABAoIBAQC8cutlinecutlinecutlinecutlinecutlinecutline1234567',
  'Zm9v',
  '-----END RSA PRIVATE KEY-----',
]

test.each([
  ['bare', '', ''],
  ['behind the time of a logger', '2026-11-01T10:00:00Z ', ''],
  ['in JSON', '{"level":"info","msg":"', '","n":1}'],
  ['in a list in JSON', '  "', '",'],
])('of a private key, %s, that a window was cut into nothing comes out, wherever the cut is', (_, logged, rest) => {
  const log = ['starting now', ...PEM, 'listening on 8080'].map((line) => `${logged}${line}${rest}`)
  for (let from = 0; from < log.length; from += 1)
    for (let to = from + 1; to <= log.length; to += 1) {
      const window = log.slice(from, to)
      // Neither its first line nor its last: nothing tells a key from other base64.
      if (!window.some((line) => line.includes('-----'))) continue
      const shown = maskText(window.join('\n'))
      for (const line of PEM.slice(2, -1)) expect(shown, `${from} to ${to}`).not.toContain(line)
      if (to === log.length) expect(shown).toContain(`${logged}listening on 8080`)
      if (from === 0) expect(shown).toContain(`${logged}starting now`)
    }
})

test('before the end of a key that was cut, what is no base64 stays, and a key that is there in full is one', () => {
  const foreign = ['cart-7d9f asks', `${PEM[2]}`, 'GET /a 200', 'Zm9v', `${PEM[5]} done`, 'b', ...PEM, 'c']
  expect(maskText(foreign.join('\n')).split('\n')).toEqual([
    'cart-7d9f asks',
    '[masked]',
    'GET /a 200',
    '[masked]',
    '[masked] done',
    'b',
    '[masked]',
    'c',
  ])
  expect(maskText(`at 10:00:00 ${PEM.slice(2).join(' ')} done`)).toBe(
    'at 10:00:00 [masked] [masked] [masked] [masked] done',
  )
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
      passwords: ['a1', 'b2'],
      credentials: { user: 'app', password: 'x1' },
    }),
  ).toEqual({
    user: 'app',
    password: '[masked]',
    nested: [{ url: 'https://a:[masked]@c' }],
    tokenExpirationSeconds: 60,
    secretName: 's',
    passwords: ['[masked]', '[masked]'],
    credentials: { user: 'app', password: '[masked]' },
  })
})

test('masking twice is masking once', () => {
  const once = maskText('token=abc --password x url://a:b@c Bearer abcdefghijklmnopqrstuvwxyz')
  expect(maskText(once)).toBe(once)
})

test.each([
  'a',
  'token',
  '-',
  'eyJ',
  'token ',
  'a://',
  '=',
  'password:',
  '\u001b[',
  'kind:',
  'contexts: ',
  'machine:\n',
  'a@b!',
  '$6$',
  'chpasswd: ',
  'LS0t',
  '"auth":',
  '-----END PRIVATE KEY-----',
  '-----END PRIVATE KEY-----\n',
  'MIIEpAIBAAKCAQEA7bq2 -----END PRIVATE KEY-----\n\n',
])('a megabyte of %j takes no time', (piece) => {
  const text = piece.repeat(1_000_000 / piece.length)
  const started = performance.now()
  maskText(text)
  expect(performance.now() - started).toBeLessThan(1_500)
})
