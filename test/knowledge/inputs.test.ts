// biome-ignore-all lint/suspicious/noTemplateCurlyInString: runbook templates look like this.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Format, RunbookInput } from '../../src/domain/runbook.ts'
import { FORMATS, fitFormat } from '../../src/knowledge/input-formats.ts'
import { parseOrigin, resolveInputs } from '../../src/knowledge/inputs.ts'
import { anyText } from './any-text.ts'

const fits: [Format, unknown, string | number][] = [
  ['dns-label', 'shop', 'shop'],
  ['dns-label', 'a', 'a'],
  ['dns-label', '1-a', '1-a'],
  ['dns-label', 'a'.repeat(63), 'a'.repeat(63)],
  ['dns-name', 'cart-7d9f.shop', 'cart-7d9f.shop'],
  ['workload', 'deployment/cart', 'deployment/cart'],
  ['workload', 'statefulset/db.v2', 'statefulset/db.v2'],
  ['node-name', 'talos-w1', 'talos-w1'],
  ['node-name', 'PVE1.home.arpa', 'PVE1.home.arpa'],
  ['node-name', '10.5.0.2:2381', '10.5.0.2'],
  ['integer', '42', 42],
  ['integer', -7, -7],
  ['quantity', '512Mi', '512Mi'],
  ['quantity', '1.5', '1.5'],
  ['quantity', '250m', '250m'],
  ['quantity', 1_073_741_824, 1_073_741_824],
  ['guest-id', 'qemu/100', 100],
  ['guest-id', 'lxc/101', 101],
  ['guest-id', '999999999', 999_999_999],
  ['guest-id', 100, 100],
  ['duration', '1h30m', '1h30m'],
  ['text', 'Das Lämpchen blinkt – 3 × rot.', 'Das Lämpchen blinkt – 3 × rot.'],
  ['text', 3, '3'],
]

test.each(fits)('%s takes %j', (format, value, expected) => {
  expect(fitFormat(value, format)).toEqual({ value: expected })
})

const HOSTILE = [
  '--server=https://evil',
  '$(reboot)',
  '../../etc',
  'a\nb',
  'a b',
  'a;b',
  'A%00',
  'a\u0000',
  'a\u202eb',
  '{{x}}',
  '${x}',
  '',
]
const NAMES = FORMATS.filter((format) => format !== 'text')

test.each(NAMES.flatMap((format) => HOSTILE.map((value) => [format, value] as const)))(
  '%s refuses %j',
  (format, value) => {
    expect(fitFormat(value, format)).toHaveProperty('wanted')
  },
)

test.each<[Format, unknown]>([
  ['dns-label', 'a'.repeat(64)],
  ['dns-label', 'a.b'],
  ['dns-label', '-a'],
  ['dns-label', 'a-'],
  ['dns-label', 'Shop'],
  ['dns-name', 'a..b'],
  ['dns-name', 'a/b'],
  ['workload', 'cart'],
  ['workload', 'pod/cart'],
  ['workload', 'Deployment/cart'],
  ['workload', 'deployment/'],
  ['workload', 'deployment/a/b'],
  ['node-name', 'node:port'],
  ['node-name', '-node'],
  ['integer', '1.5'],
  ['integer', '1e3'],
  ['integer', 1.5],
  ['integer', '9'.repeat(16)],
  ['integer', Number.NaN],
  ['quantity', '512MiB'],
  ['quantity', '-1Gi'],
  ['quantity', -1],
  ['quantity', Number.POSITIVE_INFINITY],
  ['guest-id', '99'],
  ['guest-id', 'node/pve1'],
  ['guest-id', '0100'],
  ['duration', '10'],
  ['duration', 10],
  ['text', ' '],
  ['text', 'x'.repeat(257)],
  ['text', 'a\u0007b'],
  ['text', 'a\nb'],
  ['text', 'a\u200bb'],
  ['text', 'a\u202eb'],
  ['text', '\ud800'],
  ['text', { a: 1 }],
  ['dns-label', ['shop']],
  ['dns-label', null],
  ['dns-label', true],
])('%s refuses %j too', (format, value) => {
  expect(fitFormat(value, format)).toHaveProperty('wanted')
})

test('no text with anything unusual in it fits a format other than text, whatever surrounds it', () => {
  const unusual = fc.constantFrom(...' \n\r\t\0;|&$`(){}<>\'"\\*?!#~=%@,+\u202e\u200bé')
  const hostile = fc
    .tuple(fc.stringMatching(/^[a-z0-9/.:-]{0,12}$/), unusual, fc.stringMatching(/^[a-z0-9/.:-]{0,12}$/))
    .map((p) => p.join(''))
  fc.assert(
    fc.property(hostile, fc.constantFrom(...NAMES), (value, format) => {
      expect(fitFormat(value, format)).toHaveProperty('wanted')
    }),
  )
})

test('what fits never begins with a hyphen, climbs a path or holds a control character', () => {
  fc.assert(
    fc.property(fc.oneof(anyText, fc.string(), fc.double()), fc.constantFrom(...FORMATS), (value, format) => {
      const fitted = fitFormat(value, format)
      if (!('value' in fitted)) return
      expect(String(fitted.value)).not.toMatch(/[\u0000-\u001f\u007f\u202a-\u202e\u2066-\u2069]/)
      if (typeof fitted.value === 'string' && format !== 'text')
        expect(fitted.value).not.toMatch(/^-|\.\.|[^A-Za-z0-9./-]/)
    }),
    { numRuns: 1_000 },
  )
})

test.each([
  ['alert.labels.namespace', { kind: 'label', name: 'namespace' }],
  ['alert.annotations.summary', { kind: 'annotation', name: 'summary' }],
  ['checks.oom.result.workload', { kind: 'check', check: 'oom', path: ['workload'] }],
  ['checks.oom.result.containers[0].name', { kind: 'check', check: 'oom', path: ['containers', 0, 'name'] }],
])('%s is a place', (from, origin) => {
  expect(parseOrigin(from)).toEqual(origin)
})

test.each([
  'namespace',
  'alert.label.x',
  'alert.labels',
  'alert.labels.a.b',
  'checks.oom',
  'checks.oom.result',
  'checks.oom.result.',
  'checks.oom.x.y',
  'env.HOME',
  '',
])('%j is not', (from) => {
  expect(parseOrigin(from)).toBeUndefined()
})

describe('resolving', () => {
  const input = (from: string, format: Format, rest: Partial<RunbookInput> = {}): RunbookInput => ({
    name: 'x',
    from,
    format,
    ...rest,
  })
  const alert = { labels: { namespace: 'shop', empty: '', bad: 'a b' }, annotations: { summary: 'It crashes.' } }
  const checks = { oom: { result: { workload: 'deployment/cart', list: [{ name: 'a' }], none: null } } }
  const resolve = (one: RunbookInput) => resolveInputs({ inputs: [one] }, { alert, checks })

  test.each<[RunbookInput, string | number]>([
    [input('alert.labels.namespace', 'dns-label'), 'shop'],
    [input('alert.annotations.summary', 'text'), 'It crashes.'],
    [input('checks.oom.result.workload', 'workload'), 'deployment/cart'],
    [input('checks.oom.result.list[0].name', 'dns-label'), 'a'],
    [input('alert.labels.missing', 'integer', { default: 2 }), 2],
    [input('alert.labels.empty', 'dns-label', { default: 'main' }), 'main'],
    [input('checks.oom.result.none', 'integer', { default: 1 }), 1],
  ])('%j has a value', (one, value) => {
    expect(resolve(one)).toEqual({ values: { x: value }, missing: [], refused: [] })
  })

  test.each<[RunbookInput, string]>([
    [input('alert.labels.missing', 'dns-label'), 'The alert has no label `missing`.'],
    [input('alert.labels.empty', 'dns-label'), 'The alert has no label `empty`.'],
    [input('alert.labels.constructor', 'text'), 'The alert has no label `constructor`.'],
    [input('alert.annotations.description', 'text'), 'The alert has no annotation `description`.'],
    [input('checks.later.result.x', 'integer'), 'The check `later` has given no answer yet.'],
    [input('checks.later.result.x', 'integer', { default: 1 }), 'The check `later` has given no answer yet.'],
    [input('checks.oom.result.other', 'integer'), 'The check `oom` did not return `other`.'],
    [input('checks.oom.result.workload.length', 'integer'), 'The check `oom` did not return `workload.length`.'],
  ])('%j is missing: %s', (one, because) => {
    expect(resolve(one)).toEqual({ values: {}, missing: [{ name: 'x', because }], refused: [] })
  })

  test('a value that does not fit is refused in a sentence, even where there is a default', () => {
    const outcome = resolve(input('alert.labels.bad', 'dns-label', { default: 'main' }))
    expect(outcome.values).toEqual({})
    expect(outcome.refused).toEqual([
      {
        name: 'x',
        because:
          'alert.labels.bad is "a b"; wanted is one name of lowercase letters, digits and inner hyphens, up to 63 characters.',
      },
    ])
  })

  test('what is refused is shown shortened and without what could dress it up', () => {
    const [refused] = resolveInputs(
      { inputs: [input('alert.labels.pod', 'dns-name')] },
      { alert: { labels: { pod: `\u202e${'x'.repeat(500)}` } }, checks: {} },
    ).refused
    expect(refused?.because).not.toMatch(/\u202e/)
    expect(refused?.because.length).toBeLessThan(220)
  })

  test('an alert without annotations is an alert', () => {
    const one = input('alert.annotations.summary', 'text')
    expect(resolveInputs({ inputs: [one] }, { alert: { labels: {} }, checks: {} }).missing).toHaveLength(1)
  })
})
