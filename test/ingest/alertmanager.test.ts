import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readWebhook } from '../../src/ingest/alertmanager.ts'
import { fingerprintOf } from '../../src/ingest/fingerprint.ts'
import { fixture, webhookOf } from './fixtures.ts'

const shapes: [name: string, statuses: string[], truncated: number][] = [
  ['firing-single', ['firing'], 0],
  ['firing-group', ['firing', 'firing', 'firing'], 0],
  ['firing-other-namespace', ['firing'], 0],
  ['firing-minimal', ['firing'], 0],
  ['firing-truncated', ['firing', 'firing', 'firing'], 4],
  ['mixed-group', ['resolved', 'firing', 'firing'], 0],
  ['resolved-single', ['resolved'], 0],
  ['resolved-group', ['resolved', 'resolved'], 0],
  ['resolved-minimal', ['resolved'], 0],
  ['resolved-truncated', ['resolved', 'resolved', 'resolved'], 4],
  ['watchdog', ['firing'], 0],
]

test.each(shapes)('%s: each alert keeps its own status, and nothing has to be changed', (name, statuses, truncated) => {
  const webhook = readWebhook(fixture(name))
  expect(webhook).toMatchObject({ truncated, receiver: 'watchkeeper' })
  expect(webhook.groupKey).not.toBe('')
  expect(webhook.reports.map(({ status }) => status)).toEqual(statuses)
  for (const { status, endsAt, marks, fingerprint, labels, startsAt } of webhook.reports) {
    expect(endsAt !== undefined).toBe(status === 'resolved')
    expect(marks).toEqual([])
    expect(fingerprint).toBe(fingerprintOf(labels))
    expect(startsAt.getTime()).toBeGreaterThan(0)
  }
})

const recorded = join(import.meta.dirname, '../../../shared/data/alertmanager')
const recordings = existsSync(recorded) ? readdirSync(recorded).filter((name) => name.endsWith('.json')) : []

test.skipIf(recordings.length === 0)(
  'what a real Alertmanager sent is read without a mark, with the fingerprints it gave',
  () => {
    for (const name of recordings) {
      const { reports } = readWebhook(readFileSync(join(recorded, name)))
      expect(reports.length, name).toBeGreaterThan(0)
      for (const { marks, labels, fingerprint } of reports) {
        expect(marks, name).toEqual([])
        expect(fingerprint, name).toBe(fingerprintOf(labels))
      }
    }
  },
)

const times: [sent: unknown, read: string][] = [
  ['2026-11-20T22:14:07.482913556Z', '2026-11-20T22:14:07.482Z'],
  ['2026-11-20T22:14:07.999999999Z', '2026-11-20T22:14:07.999Z'],
  ['2026-11-20T22:14:07Z', '2026-11-20T22:14:07.000Z'],
  ['2026-11-20T22:14:07.5Z', '2026-11-20T22:14:07.500Z'],
  ['2026-11-21T00:14:07.482913556+02:00', '2026-11-20T22:14:07.482Z'],
]

test.each(times)('a start of %s is cut to %s', (sent, read) => {
  const [report] = readWebhook(webhookOf([{ startsAt: sent }])).reports
  expect(report?.startsAt.toISOString()).toBe(read)
})

const kept: [what: string, alert: object, mark: string][] = [
  ['a start that is no time', { startsAt: 'yesterday' }, 'its start time could not be read'],
  ['a start in no year', { startsAt: '9999-12-31T23:59:59-12:00' }, 'its start time could not be read'],
  ['no start', { startsAt: undefined }, 'its start time could not be read'],
  [
    'a resolve without an end',
    { status: 'resolved', endsAt: '0001-01-01T00:00:00Z' },
    'its end time could not be read',
  ],
  ['NUL in an annotation', { annotations: { summary: 'a\0b' } }, 'characters that cannot be stored were replaced'],
  [
    'a lone surrogate in a label',
    { labels: { alertname: 'X', pod: 'a\uD800b' } },
    'characters that cannot be stored were replaced',
  ],
  ['a number as a label', { labels: { alertname: 'X', code: 7 } }, 'labels that were no text were made text'],
  [
    'an object as an annotation',
    { annotations: { summary: { a: 1 } } },
    'annotations that were no text were made text',
  ],
  ['a long value', { labels: { alertname: 'X', note: 'y'.repeat(5_000) } }, 'text that was too long was cut'],
  ['annotations that are a list', { annotations: ['x'] }, 'its annotations could not be read'],
  ['no name', { labels: { severity: 'critical' } }, 'it has no name'],
]

test.each(kept)('an alert with %s is kept with a mark, and its group with it', (_what, alert, mark) => {
  const { reports } = readWebhook(webhookOf([alert, {}]))
  expect(reports).toHaveLength(2)
  expect(reports[0]?.marks).toContain(mark)
  expect(reports[1]?.marks).toEqual([])
  const text = JSON.stringify(reports)
  expect(text.isWellFormed()).toBe(true)
  expect(text).not.toMatch(/\\u0000|\\ud[89ab]/i)
})

test('what cannot be stored is replaced in place, and what is odd but storable is left to the card', () => {
  const [report] = readWebhook(
    webhookOf([{ labels: { alertname: 'a\0b', pod: 'x\uDC00', note: '\u202Eevil\u200B 🌩' } }]),
  ).reports
  expect(report?.labels).toEqual({ alertname: 'a\uFFFDb', pod: 'x\uFFFD', note: '\u202Eevil\u200B 🌩' })
})

test('cutting never leaves half a character', () => {
  const [report] = readWebhook(webhookOf([{ labels: { alertname: 'X', note: `${'y'.repeat(1_022)}🌩🌩` } }])).reports
  expect(report?.labels.note).toBe(`${'y'.repeat(1_022)}…`)
})

test('of 10,000 labels the telling ones are kept, and the mark says how many are gone', () => {
  const many = Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`label_${n}`, 'x']))
  const labels = { ...many, alertname: 'Hostile', severity: 'critical', namespace: 'shop', pod: 'cart-0' }
  const startedAt = performance.now()
  const [report] = readWebhook(webhookOf([{ labels }])).reports
  expect(performance.now() - startedAt).toBeLessThan(100)
  expect(Object.keys(report?.labels ?? {})).toHaveLength(100)
  expect(report?.labels).toMatchObject({ alertname: 'Hostile', severity: 'critical', namespace: 'shop', pod: 'cart-0' })
  expect(report?.marks).toEqual(['9904 of its 10004 labels were left out'])
})

test('a label called __proto__ is a label', () => {
  const body = Buffer.from(webhookOf([{ labels: { alertname: 'X' } }])).toString('utf8')
  const [report] = readWebhook(Buffer.from(body.replace('"alertname":"X"', '"alertname":"X","__proto__":"y"'))).reports
  expect(Object.entries(report?.labels ?? {})).toContainEqual(['__proto__', 'y'])
})

test('a missing or odd fingerprint is computed as Alertmanager does', () => {
  const given = readWebhook(fixture('firing-single')).reports[0]?.fingerprint
  const computed = readWebhook(webhookOf([{ fingerprint: undefined }, { fingerprint: '../etc' }])).reports
  expect(computed.map(({ fingerprint }) => fingerprint)).toEqual([given, given])
})

test('a member that is no alert stands in its group with the labels of the group', () => {
  const { reports } = readWebhook(webhookOf([{}, 'rubbish', { labels: null }]))
  expect(reports).toHaveLength(3)
  for (const report of reports.slice(1)) {
    expect(report.labels.alertname).toBe('KubePodCrashLooping')
    expect(report.marks.join()).toContain('this alert could not be read')
  }
})

test('the texts around the alerts are made storable and short as well', () => {
  const long = `a\0b\uD800${'r'.repeat(400_000)}`
  const { receiver, groupKey } = readWebhook(webhookOf([{}], { receiver: long, groupKey: long }))
  expect(receiver).toBe(`a\uFFFDb\uFFFD${'r'.repeat(251)}…`)
  expect(groupKey).toHaveLength(2_048)
})

test('thousands of unreadable members of a group with much in its labels cost one reading', () => {
  const commonLabels = Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`label_${n}`, 'x'.repeat(1_500)]))
  const startedAt = performance.now()
  const { reports } = readWebhook(webhookOf([{}, ...Array.from({ length: 4_000 }, () => 7)], { commonLabels }))
  expect(performance.now() - startedAt).toBeLessThan(1_000)
  expect(new Set(reports).size).toBe(2)
})

test('a group without alerts is no error', () => {
  expect(readWebhook(webhookOf([])).reports).toEqual([])
})

const bytes = (text: string) => Buffer.from(text)
const refused: [what: string, body: Uint8Array, status: number, said: RegExp][] = [
  ['an empty body', bytes(''), 400, /not JSON: it is empty/],
  ['broken JSON', bytes('{"version": "4", "alerts": [}'), 400, /not JSON: it has "}" where that cannot be/],
  ['JSON that ends too early', bytes('{"version": "4", "alerts": '), 400, /not JSON: it breaks off too early/],
  ['two values', bytes('{} {}'), 400, /not JSON: it goes wrong at character 3/],
  ['a list', bytes('[]'), 400, /the body: .*object/],
  ['another version', webhookOf([{}], { version: '5' }), 400, /version is "5"; only "4"/],
  ['a version that is a number', webhookOf([{}], { version: 4 }), 400, /version is 4; only "4"/],
  ['no version', webhookOf([{}], { version: undefined }), 400, /version: .*"4"/],
  ['no alerts', webhookOf([{}], { alerts: undefined }), 400, /alerts: .*array/],
  ['an unknown status', webhookOf([{}], { status: 'burning' }), 400, /status: .*"firing"\|"resolved"/],
  ['alerts none of which can be read', webhookOf(['x', 7]), 400, /alerts\[0\]\.labels must be an object/],
  [
    'invalid UTF-8',
    Buffer.concat([bytes('{"version":"'), Buffer.from([0xff, 0xfe]), bytes('"}')]),
    400,
    /not valid UTF-8/,
  ],
  ['deep nesting', bytes(`${'['.repeat(400_000)}${']'.repeat(400_000)}`), 400, /more than 16 levels/],
  ['deep nesting of objects', bytes('{"a":'.repeat(200_000)), 400, /more than 16 levels/],
  ['more alerts than fit', webhookOf(Array.from({ length: 5_001 }, () => ({}))), 413, /5001 alerts; 5000 fit/],
]

test.each(refused)('%s is refused in a sentence, quickly', (_what, body, status, said) => {
  const startedAt = performance.now()
  expect(() => readWebhook(body)).toThrow(expect.objectContaining({ status, message: expect.stringMatching(said) }))
  expect(performance.now() - startedAt).toBeLessThan(100)
})

test('brackets and quotes inside texts do not count as nesting', () => {
  const summary = `${'[{'.repeat(100)} \\" \\\\`
  const [report] = readWebhook(webhookOf([{ annotations: { summary } }])).reports
  expect(report?.annotations.summary).toBe(summary)
})

test('a byte-order mark in front is no fault', () => {
  expect(readWebhook(Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), fixture('firing-single')])).reports).toHaveLength(
    1,
  )
})
