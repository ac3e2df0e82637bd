// biome-ignore-all lint/suspicious/noTemplateCurlyInString: runbook templates look like this.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseRunbook } from '../../src/knowledge/runbook-file.ts'
import { shownVersion } from '../../src/knowledge/runbook-version.ts'
import { anyText } from './any-text.ts'
import { parsed, SAMPLE, said, spoil } from './sample.ts'

test('a sound file becomes a runbook', () => {
  const { source, version, ...runbook } = parsed()
  expect(runbook).toEqual({
    id: 'sample',
    title: 'Cart keeps crashing',
    match: {
      alertnames: ['KubePodCrashLooping'],
      matchers: [{ label: 'namespace', operator: '!~', value: 'kube-.*' }],
    },
    ceiling: 'prompted',
    inputs: [
      { name: 'namespace', from: 'alert.labels.namespace', format: 'dns-label' },
      { name: 'pod', from: 'alert.labels.pod', format: 'dns-name' },
      { name: 'workload', from: 'checks.look.result.workload', format: 'workload' },
    ],
    checks: [
      {
        id: 'look',
        tool: 'kubernetes.describe',
        args: { kind: 'Pod', namespace: '${inputs.namespace}', name: '${inputs.pod}' },
        expect: 'result.containers.exists(c, c.restarts > 3)',
        required: true,
        shows: 'it was restarted more than three times',
      },
      {
        id: 'rollout',
        tool: 'kubernetes.rollout_status',
        args: { namespace: '${inputs.namespace}', workload: '${inputs.workload}' },
        required: false,
      },
    ],
    steps: [
      {
        id: 'raise',
        tool: 'kubernetes.set_resources',
        args: {
          namespace: '${inputs.namespace}',
          workload: '${inputs.workload}',
          memory: '${checks.look.result.limit * 2}',
        },
        does: 'doubles the memory limit',
        costs: 'one restart',
        rollback: {
          kind: 'call',
          tool: 'kubernetes.set_resources',
          args: {
            namespace: '${inputs.namespace}',
            workload: '${inputs.workload}',
            memory: '${checks.look.result.limit}',
          },
        },
      },
    ],
    verify: [
      {
        kind: 'tool',
        tool: 'kubernetes.rollout_status',
        args: { namespace: '${inputs.namespace}', workload: '${inputs.workload}' },
        expect: 'result.available && result.restarts_since == 0',
        withinMs: 600_000,
      },
      { kind: 'alert', withinMs: 1_800_000, forMs: 1_200_000 },
    ],
    prose: '# Cart keeps crashing\n\nDoubling the memory helps.',
  })
  expect(source.path).toBe('runbooks/sample.md')
  expect(source.positions['/steps/0/args/memory']).toEqual({ line: 28, column: 7 })
  expect(version).toMatch(/^[0-9a-f]{64}$/)
})

test('a runbook that only advises needs neither steps nor verification, and starts at manual', () => {
  const text = '---\nid: advice\ntitle: Something to know\nmatch: { alertnames: [A] }\n---\nProse.'
  expect(parsed(text)).toMatchObject({ ceiling: 'manual', inputs: [], checks: [], steps: [], verify: [] })
})

test('files with Windows line ends and a byte order mark are read the same', () => {
  const windows = `\uFEFF${SAMPLE.replaceAll('\n', '\r\n')}`
  expect(parsed(windows)).toEqual(parsed())
})

describe('rollback', () => {
  const rollback = '    rollback: { args: { memory: "${checks.look.result.limit}" } }'

  test('with a tool of its own it stands alone', () => {
    const text = spoil(rollback, '    rollback: { tool: kubernetes.scale, args: { replicas: 1 } }')
    expect(parsed(text).steps[0]?.rollback).toEqual({ kind: 'call', tool: 'kubernetes.scale', args: { replicas: 1 } })
  })

  test('may be none, with a reason', () => {
    const text = spoil(rollback, '    rollback: { none: "a restart cannot be taken back" }')
    expect(parsed(text).steps[0]?.rollback).toEqual({ kind: 'none', because: 'a restart cannot be taken back' })
  })
})

test.each([
  ['title: Cart', 'titel: Cart', '3 error: There is no field `titel` here. Did you mean `title`?'],
  ['title: Cart keeps crashing\n', '', '`title` is missing; it must be text.'],
  ['title: Cart keeps crashing', 'title: 12', '3 error: `title` must be text.'],
  ['title: Cart keeps crashing', 'title: "a\\u202eb"', '3 error: `title` must be one line of plain text.'],
  ['id: sample', 'id: Sample', '2 error: `id` must be lowercase words joined by hyphens'],
  ['alertnames:', 'alertname:', '5 error: There is no field `alertname` here. Did you mean `alertnames`?'],
  ['[KubePodCrashLooping]', 'KubePodCrashLooping', '5 error: `match.alertnames` must be a list of alert names.'],
  ['namespace!~"kube-.*"', 'namespace!~"kube', '6 error: The matcher `namespace!~"kube` cannot be read'],
  ['ceiling: prompted', 'ceiling: auto', '7 error: `ceiling` must be one of manual, prompted, standard.'],
  [', format: dns-label', '', '9 error: `inputs.namespace.format` is missing; it must be one of dns-label'],
  ['format: dns-label', 'format: dnslabel', '9 error: `inputs.namespace.format` must be one of dns-label'],
  [
    'from: alert.labels.pod',
    'from: labels.pod',
    '10 error: The input `pod` comes from `labels.pod`, which is not a place',
  ],
  [
    'format: dns-name }',
    'format: dns-name, default: "A B" }',
    '10 error: The default of `pod` is not of its own format',
  ],
  ['  pod: {', '  Pod-1: {', '10 error: The name `Pod-1` must be lowercase letters'],
  ['- id: look', '- id: look-at', '13 error: `checks[0].id` must be lowercase letters, digits and underscores'],
  ['- id: rollout', '- id: look', '18 error: Two checks are called `look`.'],
  ['tool: kubernetes.describe', 'tool: describe', '14 error: `checks[0].tool` must be a server and a tool'],
  ['required: false', 'required: no thanks', '21 error: `checks[1].required` must be true or false.'],
  ['expect: result.available', 'expect: [result.available', 'This is not YAML as runbooks use it'],
  ['    rollback: {', '    rolback: {', '31 error: There is no field `rolback` here. Did you mean `rollback`?'],
  [
    'rollback: { args: { memory: "${checks.look.result.limit}" } }',
    'rollback: none',
    '31 error: `steps[0].rollback` must be `{ tool: …, args: … }`, or',
  ],
  [
    'rollback: { args: { memory: "${checks.look.result.limit}" } }',
    'rollback: {}',
    '31 error: The rollback says neither how nor why not.',
  ],
  ['rollback: { args', 'rollback: { none: no, args', '31 error: '],
  [
    'expect: result.available && result.restarts_since == 0',
    'expect: true',
    '35 error: `verify[0].expect` must be text; quote it',
  ],
  ['    within: 10m\n', '', '33 error: `verify[0].within` is missing; it must be a time'],
  ['within: 10m', 'within: 10 minutes', '36 error: `within: 10 minutes` is not a duration. Write it as in'],
  ['within: 10m', 'within: 600', '36 error: `verify[0].within` must be a time such as `10m`.'],
  ['    for: 20m\n', '', '37 error: `alert: cleared` needs `for`'],
  ['alert: cleared', 'alert: gone', '37 error: `verify[1].alert` must be `cleared`.'],
  ['alert: cleared', 'tool: kubernetes.get', '39 error: `for` belongs to `alert: cleared`.'],
  ['alert: cleared\n', 'alert: cleared\n    tool: kubernetes.get\n', 'asks a tool and the alert at once'],
  [
    '- tool: kubernetes.rollout_status\n    args',
    '- args',
    '33 error: This verification asks neither a tool nor the alert.',
  ],
  [
    'match:\n  alertnames: [KubePodCrashLooping]\n  matchers: [\'namespace!~"kube-.*"\']',
    'match: {}',
    '4 error: `match` is empty',
  ],
  ['id: sample', 'id: &x sample', '2 error: Anchors and aliases are not used in runbooks.'],
  ['id: sample', 'id: sample\nid: again', '3 error: This is not YAML as runbooks use it'],
  ['id: sample', 'id: !!js/function x', 'This is not YAML as runbooks use it'],
  ['---\nid', 'id', '1 error: The file does not begin with front matter.'],
  ['\n---\n\n# Cart', '\n\n# Cart', '1 error: The front matter is never closed.'],
])('%j as %j is refused: %s', (piece, replacement, message) => {
  const { runbook, problems } = parseRunbook(spoil(piece, replacement), 'sample.md')
  expect(runbook).toBeUndefined()
  expect(problems.map(said).join('\n')).toContain(message)
})

test('everything that is wrong is said at once, in the order of the lines', () => {
  const text = spoil('within: 10m', 'within: soon', spoil('from: alert.labels.pod', 'from: pod', SAMPLE))
  expect(parseRunbook(text, 'sample.md').problems.map(({ path, line }) => `${path}:${line}`)).toEqual([
    'sample.md:10',
    'sample.md:36',
  ])
})

describe('the version', () => {
  const version = parsed().version

  test.each([
    ['Doubling the memory helps.', 'It often helps to double the memory.'],
    ['title: Cart keeps crashing', 'title: The cart crashes again and again'],
    ['shows: it was restarted more than three times', 'shows: many restarts'],
    ['does: doubles the memory limit', 'does: more memory'],
    ['costs: one restart', 'costs: ten seconds'],
    ['ceiling: prompted', 'ceiling:   "prompted" # as agreed'],
    ['within: 10m', 'within: 600s'],
  ])('does not change with %j as %j', (piece, replacement) => {
    expect(parsed(spoil(piece, replacement)).version).toBe(version)
  })

  test.each([
    ['ceiling: prompted', 'ceiling: standard'],
    ['KubePodCrashLooping', 'KubePodCrashLooping, Other'],
    ['kube-.*', 'kube-system'],
    ['format: dns-name', 'format: dns-label'],
    ['c.restarts > 3', 'c.restarts > 4'],
    ['limit * 2', 'limit * 3'],
    ['memory: "${checks.look.result.limit}"', 'memory: 1Gi'],
    ['required: false', 'required: true'],
    ['within: 10m', 'within: 11m'],
    ['for: 20m', 'for: 21m'],
  ])('changes with %j as %j', (piece, replacement) => {
    expect(parsed(spoil(piece, replacement)).version).not.toBe(version)
  })

  test('is shown by its first twelve characters', () => {
    expect(shownVersion(version)).toBe(version.slice(0, 12))
  })
})

test('no text makes the reader throw', () => {
  const cut = fc
    .tuple(fc.nat(SAMPLE.length), fc.nat(60), anyText)
    .map(([at, length, text]) => SAMPLE.slice(0, at) + text + SAMPLE.slice(at + length))
  const framed = anyText.map((text) => `---\n${text}\n---\n`)
  fc.assert(
    fc.property(fc.oneof(anyText, framed, cut), (text) => {
      const { runbook, problems } = parseRunbook(text, 'x.md')
      expect(runbook === undefined).toBe(problems.some(({ severity }) => severity === 'error'))
      expect(problems.every(({ line, message }) => line >= 1 && message.length > 0)).toBe(true)
    }),
    { numRuns: 150 },
  )
})

test.each([
  ['__proto__: { polluted: true }'],
  ['a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]'],
  [`${'['.repeat(5_000)}`],
  [`${'a: {'.repeat(2_000)}`],
  ['? [complex, key]\n: value'],
  [`id: x\ntitle: "\\ud800"\nmatch: { alertnames: [A] }`],
  [`id: x\ntitle: x\nmatch: { alertnames: ["a\\0"] }`],
  ['id: x\ntitle: x\nmatch: { alertnames: [A] }\nchecks: [{ id: a, tool: b.c, args: { n: .inf } }]'],
  [
    `id: x\ntitle: x\nmatch: { alertnames: [A] }\nchecks: [{ id: a, tool: b.c, args: { n: ${'['.repeat(50)}${']'.repeat(50)} } }]`,
  ],
  ['null'],
  ['- a list'],
  ['text'],
  [''],
])('hostile front matter is refused in words: %#', (yaml) => {
  const { runbook, problems } = parseRunbook(`---\n${yaml}\n---\n`, 'x.md')
  expect(runbook).toBeUndefined()
  expect(problems.length).toBeGreaterThan(0)
  expect('polluted' in {}).toBe(false)
})
