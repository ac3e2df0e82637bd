// biome-ignore-all lint/suspicious/noTemplateCurlyInString: runbook templates look like this.
import { expect, test } from 'vitest'
import { lintRunbook } from '../../src/knowledge/runbook-lint.ts'
import { catalogue } from './catalogue.ts'
import { parsed, SAMPLE, said, spoil } from './sample.ts'

const lint = (text: string, path?: string) => lintRunbook(parsed(text, path), catalogue).map(said)

test('the sample is clean', () => {
  expect(lint(SAMPLE)).toEqual([])
})

const look = 'expect: result.containers.exists(c, c.restarts > 3)'
const after = 'expect: result.available && result.restarts_since == 0'
const rollback = '    rollback: { args: { memory: "${checks.look.result.limit}" } }\n'

test.each([
  // tools and their arguments
  [
    'tool: kubernetes.describe',
    'tool: kubernetes.describ',
    '14 error: There is no tool `kubernetes.describ`. Did you mean `kubernetes.describe`?',
  ],
  ['tool: kubernetes.describe', 'tool: k8s.describe', 'There is no tool `k8s.describe`.'],
  [
    '{ kind: Pod,',
    '{ knd: Pod,',
    '15 error: The argument `knd` of `kubernetes.describe` is not known to it. Did you mean `kind`?',
  ],
  ['{ kind: Pod,', '{ knd: Pod,', '15 error: The call of `kubernetes.describe` must have `kind`.'],
  ['{ kind: Pod,', '{ kind: 7,', '15 error: The argument `kind` of `kubernetes.describe` must be string, and is 7.'],
  ['namespace: "${inputs.namespace}", name', 'namespace: My Shop, name', 'which does not match'],
  [
    'memory: "${checks.look.result.limit * 2}"',
    'memory: lots',
    '28 error: The argument `memory` of `kubernetes.set_resources` is "lots"',
  ],
  ['memory: "${checks.look.result.limit * 2}"', 'memory: -1', 'must be at least 0'],
  [
    'memory: "${checks.look.result.limit * 2}"',
    'dry_run: true',
    '28 error: `dry_run` is added by the agent. Remove it.',
  ],
  [
    'memory: "${checks.look.result.limit * 2}"',
    'precondition: { uid: x, values: y }',
    '28 error: `precondition` is added by the agent.',
  ],
  // what a tool is used for
  [
    'tool: kubernetes.describe',
    'tool: kubernetes.rollout_restart',
    '14 error: `kubernetes.rollout_restart` changes something; only tools that read stand here.',
  ],
  [
    'tool: kubernetes.set_resources',
    'tool: kubernetes.rollout_status',
    '24 error: `kubernetes.rollout_status` only reads, so it mends nothing.',
  ],
  ['- tool: kubernetes.rollout_status', '- tool: kubernetes.scale', '33 error: `kubernetes.scale` changes something'],
  ['tool: kubernetes.set_resources', 'tool: talos.reset', '24 error: There is no tool `talos.reset`.'],
  // the way back
  [rollback, '', '23 error: The step `raise` has no way back. Add `rollback:`'],
  [rollback, '    rollback: { args: {} }\n', '31 error: The way back does the same as the step.'],
  [
    rollback,
    '    rollback: { args: { memroy: 1Gi } }\n',
    '31 error: The argument `memroy` of `kubernetes.set_resources` is not known to it. Did you mean `memory`?',
  ],
  [
    rollback,
    '    rollback: { tool: kubernetes.get, args: { kind: Pod, name: x } }\n',
    '31 error: `kubernetes.get` only reads',
  ],
  // expressions
  [
    look,
    'expect: result.containers.exists(c, c.restarts >)',
    '16 error: `result.containers.exists(c, c.restarts >)` does not work',
  ],
  [look, 'expect: results.workload == "x"', '16 error: There is nothing called `results` here. Did you mean `result`?'],
  [look, 'expect: result.limit + "x" == 1 && undefined_function(result)', '16 error: '],
  [look, 'expect: result.limit > inputs.limit', '16 error: There is no input `limit`.'],
  [
    look,
    'expect: result.workload == inputs.workload',
    '16 error: The input `workload` comes from the check `look`, which has not run by then.',
  ],
  [look, 'expect: result.limit > checks.rollout.result.ready', '16 error: The check `rollout` has not run by then.'],
  [
    look,
    'expect: result.limit > checks.rolout.result.ready',
    '16 error: There is no check `rolout`. Did you mean `rollout`?',
  ],
  [
    look,
    'expect: result.summary == alert.labels.x || alert.startsAt == result.summary',
    '16 error: `alert.startsAt` does not exist.',
  ],
  [look, 'expect: result.summary.matches("(a+)+")', '16 error: The pattern `(a+)+` cannot be used'],
  [look, 'expect: result.limits > 3', "16 warning: `result.limits` is never there, by the tool's own description."],
  [look, 'expect: result.containers.exists(c, c.restart > 3)', '16 warning: `c.restart` is never there'],
  [look, 'expect: result.containers[0].limits.ram > 3', '16 warning: `result.containers.0.limits.ram` is never there'],
  [look, 'expect: inputs.namespace == "shop"', '16 warning: This holds whatever the check finds.'],
  [
    'expect: result.available',
    'expect: checks.look.restarts == 0 && result.available',
    '35 error: `checks.look.restarts` does not exist. What it returned is `checks.look.result`.',
  ],
  // templates
  [
    'name: "${inputs.pod}"',
    'name: "${alert.labels.pod}"',
    '15 error: `alert.labels.pod` would reach a tool unchecked. Declare an input',
  ],
  ['name: "${inputs.pod}"', 'name: "${inputs.pods}"', '15 error: There is no input `pods`. Did you mean `pod`?'],
  ['name: "${inputs.pod}"', 'name: "${inputs.pod"', '15 error: `${inputs.pod` opens `${` and never closes it.'],
  ['name: "${inputs.pod}"', 'name: "${inputs.pod +}"', '15 error: `inputs.pod +` does not work'],
  ['name: "${inputs.pod}"', 'name: "${result.pod}"', '15 error: There is nothing called `result` here.'],
  [
    'workload: "${inputs.workload}"\n      memory',
    'workload: "${checks.look.result.workload}"\n      memory',
    '27 error: `checks.look.result.workload` is text from a check and would reach a tool unchecked.',
  ],
  [
    '${checks.look.result.limit * 2}',
    '${checks.look.result.memory * 2}',
    '28 warning: `checks.look.result.memory` is never there',
  ],
  // inputs
  [
    'from: checks.look.result.workload',
    'from: checks.lok.result.workload',
    '11 error: There is no check `lok`. Did you mean `look`?',
  ],
  [
    'from: checks.look.result.workload',
    'from: checks.look.result.workloads',
    '11 warning: `checks.look.result.workloads` is never there',
  ],
  [
    'inputs:\n',
    'inputs:\n  spare: { from: alert.labels.x, format: text }\n',
    '9 warning: The input `spare` is never used.',
  ],
  // verification
  [`    ${after}\n`, '', '33 error: This verification cannot fail: it expects nothing.'],
  [after, 'expect: "true"', '35 error: This verification cannot fail: it holds whatever the tool answers.'],
  [after, 'expect: inputs.namespace != ""', '35 error: This verification cannot fail'],
  [after, 'expect: result.available || true', '35 error: This verification cannot fail'],
  [after, 'expect: result.ready >= result.ready', '35 error: This verification cannot fail'],
  ['  - alert: cleared\n    within: 30m\n    for: 20m\n', '', '32 warning: Nothing waits for the alert to clear.'],
  // the whole
  [`    ${look}\n`, '', '21 warning: Nothing has to hold before these steps are proposed.'],
  ['Doubling the memory helps.', '', undefined],
])('%j as %j: %s', (piece, replacement, message) => {
  const problems = lint(spoil(piece, replacement))
  if (message === undefined) expect(problems).toEqual([])
  else expect(problems.join('\n')).toContain(message)
})

test('a verification that rests on the alert alone is an error', () => {
  const start = SAMPLE.indexOf(
    '  - tool: kubernetes.rollout_status\n    args: { namespace: "${inputs.namespace}", workload: "${inputs.workload}" }\n    expect',
  )
  const end = SAMPLE.indexOf('  - alert: cleared')
  const problems = lint(SAMPLE.slice(0, start) + SAMPLE.slice(end))
  expect(problems).toEqual([expect.stringMatching(/^32 error: Nothing but the alert would say that it helped/)])
})

test('a step without any verification is an error', () => {
  const problems = lint(SAMPLE.slice(0, SAMPLE.indexOf('verify:')) + SAMPLE.slice(SAMPLE.indexOf('---\n\n#')))
  expect(problems.join('\n')).toContain('error: Nothing but the alert would say that it helped')
})

test('a destructive step under the ceiling standard is pointed out', () => {
  const text = spoil(
    'tool: kubernetes.set_resources',
    'tool: kubernetes.scale',
    spoil(
      'ceiling: prompted',
      'ceiling: standard',
      spoil(
        'memory: "${checks.look.result.limit * 2}"',
        'replicas: 0',
        spoil('{ memory: "${checks.look.result.limit}" }', '{ replicas: 1 }'),
      ),
    ),
  )
  expect(lint(text)).toEqual([expect.stringMatching(/^7 warning: The step `raise` may cost data or service/)])
})

test('an id that differs from the name of its file, and a file without prose, are pointed out', () => {
  const text = SAMPLE.slice(0, SAMPLE.indexOf('# Cart'))
  expect(lint(text, 'runbooks/other.md').join('\n')).toMatch(/There is no prose.*file is called other\.md/s)
})
