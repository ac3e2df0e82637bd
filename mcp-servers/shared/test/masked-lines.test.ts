import { generateKeyPairSync } from 'node:crypto'
import { expect, test } from 'vitest'
import { LINES_BEFORE, maskedLines } from '../src/masked-lines.ts'

const MENTION = 'bad deploy key: it must begin with -----BEGIN OPENSSH PRIVATE KEY-----'
const pem = (bits: number, encryption: object = {}) =>
  generateKeyPairSync('rsa', { modulusLength: bits })
    .privateKey.export({ type: 'pkcs1', format: 'pem', ...encryption })
    .toString()
    .trim()
    .split('\n')
const RSA = pem(1_024)
const ENCRYPTED = pem(1_024, { cipher: 'aes-128-cbc', passphrase: 'x' })
const SMALL = generateKeyPairSync('ed25519')
  .privateKey.export({ type: 'pkcs8', format: 'pem' })
  .toString()
  .trim()
  .split('\n')

const LOGGERS: readonly [string, (line: string) => string][] = [
  ['bare', (line) => line],
  ['indented', (line) => `    ${line}`],
  ['behind a time', (line) => `2026-11-01T10:00:00Z ${line}`],
  ['in a journal', (line) => `Nov 01 10:00:00 pve1 app[7]: ${line}`],
  ['in JSON', (line) => JSON.stringify({ level: 'info', msg: line, n: 1 })],
  ['in JSON after a newline', (line) => JSON.stringify({ log: `\n${line}` })],
  ['in JSON that escapes slashes', (line) => JSON.stringify({ msg: line }).replaceAll('/', '\\/')],
]

const numbered = (count: number, from = 1) => Array.from({ length: count }, (_, at) => `line ${from + at} was served`)
const secretsOf = (key: readonly string[]) => key.filter((line) => line !== '' && !/-----|^[A-Z]\w+-\w+:/.test(line))

test('prose that mentions the first line of a key hides nothing after it, wherever it stands', () => {
  for (let mention = 0; mention < 110; mention += 1) {
    const log = numbered(110).with(mention, MENTION)
    const shown = log.with(mention, 'bad deploy key: it must begin with [masked]')
    for (const window of [1, 10, 109]) expect(maskedLines(log.join('\n'), window)).toEqual(shown.slice(-window))
  }
})

test('mentions of the first line and of the last, far from each other, hide nothing between', () => {
  const log = [MENTION, ...numbered(150), 'it must end with -----END OPENSSH PRIVATE KEY-----', ...numbered(3, 200)]
  const shown = maskedLines(log.join('\n'), 200)
  expect(shown).toHaveLength(log.length)
  expect(shown.slice(1, -4)).toEqual(numbered(150))
  expect(shown.slice(-3)).toEqual(numbered(3, 200))
})

test.each(LOGGERS)('of a key, %s, nothing comes out at any end of the log and any tail', (_, logged) => {
  for (const key of [RSA, ENCRYPTED, SMALL]) {
    const lines = [...numbered(3), ...key, ...numbered(3, 4)]
    const log = lines.map(logged)
    for (let to = 4; to <= log.length; to += 1) {
      // Where a text ends in a newline, no line follows.
      if (log[to - 1] === '') continue
      const all = maskedLines(log.slice(0, to).join('\n'), Number.POSITIVE_INFINITY)
      expect(all).toHaveLength(to)
      for (const secret of secretsOf(key).map(inAnyForm)) expect(all.join('\n')).not.toMatch(secret)
      expect(all.slice(0, 3)).toEqual(log.slice(0, 3))
      if (to > key.length + 3) expect(all.slice(key.length + 3)).toEqual(log.slice(key.length + 3, to))
      for (let window = 1; window <= to; window += 1)
        expect(maskedLines(log.slice(0, to).join('\n'), window)).toEqual(all.slice(-window))
    }
  }
})

test.each(LOGGERS)('of a key without its last line, %s, nothing comes out between the lines of others', (_, logged) => {
  const others = numbered(RSA.length)
  const log = RSA.slice(0, -1).flatMap((line, at) => [logged(line), others[at] ?? ''])
  const shown = maskedLines(log.join('\n'), log.length)
  // Of the last line of a key, which is short, only what it follows tells.
  for (const secret of secretsOf(RSA).slice(0, -1).map(inAnyForm)) expect(shown.join('\n')).not.toMatch(secret)
  expect(shown.filter((line) => line !== '[masked]').length).toBeGreaterThanOrEqual(1)
  expect(shown).toHaveLength(log.length)
})

test('a key after a mention, a key cut off by another, and the longest key are masked to their last line', () => {
  const longest = Array.from({ length: LINES_BEFORE }, (_, at) =>
    `${at}`.padStart(3, '0').padEnd(64, 'MIIEpAIBAAKCAQEA7bq2'),
  )
  const log = [
    MENTION,
    'trying again',
    ...RSA.slice(0, 4),
    ...RSA,
    ...numbered(2),
    RSA[0] ?? '',
    ...longest,
    RSA.at(-1) ?? '',
    'up',
  ]
  const shown = maskedLines(log.join('\n'), log.length)
  expect(shown).toHaveLength(log.length)
  expect(shown.filter((line) => line !== '[masked]')).toEqual([
    'bad deploy key: it must begin with [masked]',
    'trying again',
    ...numbered(2),
    'up',
  ])
})

test('a secret, and what a terminal is told, take up as many lines as they had', () => {
  const log = [
    'chpasswd:',
    '  list: |',
    '    root:hunter2',
    'password: "one',
    'two',
    'three" set',
    'title \u001b]0;never ended',
    'postgres://$2:hunter2@db/x',
    'now',
  ]
  expect(maskedLines(`${log.join('\n')}\n`, 9)).toEqual([
    'chpasswd: [masked]',
    '[masked]',
    '[masked]',
    'password: [masked]',
    '[masked]',
    '[masked] set',
    'title ',
    'postgres://$2:[masked]@db/x',
    'now',
  ])
  const file = ['kind: Config', 'users:', '- name: a', '  user: {token: hunter2}', 'up']
  expect(maskedLines(file.join('\n'), 2)).toEqual(
    Array.from({ length: 2 }, () => '[masked] (a kubeconfig is among these lines)'),
  )
  expect(maskedLines('', 5)).toEqual([])
})

test.each([
  `${MENTION}\n`,
  `${MENTION} `,
  `${RSA[1]}\n`,
  `${RSA[1]}`,
  'a/',
  'aB\\/',
  '\\',
  '\\/',
  'a\n',
  'a ',
  '-----END PRIVATE KEY-----\n',
])('a megabyte of %j after the first line of a key takes no time', (piece) => {
  const text = `${MENTION}\n${piece.repeat(1_000_000 / piece.length)}`
  const started = performance.now()
  maskedLines(text, 10)
  expect(performance.now() - started).toBeLessThan(1_500)
})

/** A line of base64, also where JSON has escaped it. */
function inAnyForm(line: string): RegExp {
  return new RegExp(line.replaceAll('+', '\\+').replaceAll('/', '\\\\?/'))
}
