import { expect, test } from 'vitest'
import { findSecrets } from '../../../src/inference/redaction/find-secrets.ts'
import { cutOut } from '../../../src/inference/redaction/finding.ts'
import { placeholders } from '../../../src/inference/redaction/placeholders.ts'
import { secretlintRules } from '../../../src/inference/redaction/secretlint-rules.ts'
import { oneOfEach } from '../../bench/redact-kinds.ts'

const rules = secretlintRules()
const cut = async (text: string) => cutOut(text, await findSecrets(text, rules)).text

test.each(oneOfEach())(
  'A14: a $kind is cut, in plain, in base64, in hexadecimal and over two lines',
  async ({ text, hidden }) => {
    const [first = ''] = hidden
    const at = text.indexOf(first) + Math.ceil(first.length / 2)
    const forms = [
      text,
      Buffer.from(text).toString('base64'),
      Buffer.from(text).toString('hex'),
      `${text.slice(0, at)}\n    ${text.slice(at)}`,
    ]
    for (const form of forms) {
      const left = await cut(form)
      for (const value of hidden) {
        expect(left).not.toContain(value)
        expect(left.replaceAll(/\s/g, '')).not.toContain(value)
        expect(Buffer.from(left, 'base64').toString('latin1')).not.toContain(value)
      }
    }
  },
)

const KEY = [
  'MIIEpAIBAAKCAQEA7bq2cutlinecutlinecutlinecutlinecutlinecutline12',
  'QIDAQABAoIBAQC8cutlinecutlinecutlinecutlinecutlinecutline1234567',
  'Zm9v',
]

test.each([
  ['lines', (lines: string[]) => lines.join('\n')],
  ['lines behind their time', (lines: string[]) => lines.map((line) => `2026-11-01T10:00:00Z ${line}`).join('\n')],
  ['a list in JSON', (lines: string[]) => JSON.stringify({ lines })],
  ['a text in JSON', (lines: string[]) => JSON.stringify({ log: `${lines.join('\n')}\n` })],
])('of a private key that a window was cut into nothing is left: %s', async (_, written) => {
  const whole = [
    'starting up',
    '-----BEGIN RSA PRIVATE KEY-----',
    ...KEY,
    '-----END RSA PRIVATE KEY-----',
    'listening on 8080',
  ]
  for (let from = 0; from < whole.length - 1; from += 1) {
    const left = await cut(written(whole.slice(from)))
    for (const line of KEY) expect(left, `from ${from}`).not.toContain(line)
    expect(left).toContain('listening on 8080')
    if (from === 0) expect(left).toContain('starting up')
    // Where a log is cut off at the end of an answer there is a beginning without an end.
    const begun = await cut(written(whole.slice(0, from + 2)))
    for (const line of KEY) expect(begun, `to ${from + 2}`).not.toContain(line)
  }
})

test('of what stands in another block than the end of a cut key nothing is taken', async () => {
  const digest = '9f86d081884c7d659a2feaa0c55ad015'
  const left = await cut(`image ${digest}\n\n${KEY.join('\n')}\n-----END RSA PRIVATE KEY-----`)
  expect(left).toContain(digest)
  expect(left).not.toContain(KEY[0])
})

test('a text cannot switch the search off', async () => {
  const text = `# secretlint-disable\nghp_${'a1B2c3'.repeat(6)}`
  expect(await rules(text)).toHaveLength(1)
})

test('what operators need stays', async () => {
  const text =
    'secretName: db-credentials\nimage: registry.example/app:1.2.3\nError: secret "db-credentials" not found\nreason: OOMKilled exit 137'
  expect(await cut(text)).toBe(text)
})

test('placeholders are stable, hide what is personal, and are put back', () => {
  const book = placeholders({ key: Buffer.from('k'), words: ['Hollerbusch'] })
  const text =
    'anna@example.net at 10.1.2.3:443 on pve1.lan, node=pve-keller, Hollerbusch, fd12:3456::7, /home/anna/x; again 10.1.2.3 and pve-keller'
  const hidden = book.put(text)
  for (const word of ['anna', '10.1.2.3', 'pve1', 'pve-keller', 'Hollerbusch', 'fd12'])
    expect(hidden).not.toContain(word)
  expect(book.restore(hidden)).toBe(text)
  expect(placeholders({ key: Buffer.from('k'), words: ['Hollerbusch'] }).put(text)).toBe(hidden)
  expect(placeholders({ key: Buffer.from('other'), words: [] }).put('10.1.2.3')).not.toBe(book.put('10.1.2.3'))
  expect(
    book.put('kubernetes.io/name on 127.0.0.1 at 10:15:30, v1.28.3, KubePodCrashLooping in shop/cart-7d9f8b6c5d-x2x4z'),
  ).toBe('kubernetes.io/name on 127.0.0.1 at 10:15:30, v1.28.3, KubePodCrashLooping in shop/cart-7d9f8b6c5d-x2x4z')
})
