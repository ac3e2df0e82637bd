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
