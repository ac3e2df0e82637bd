// biome-ignore-all lint/suspicious/noTemplateCurlyInString: runbook templates look like this.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Json } from '../../src/domain/json.ts'
import { renderArgs, splitTemplate } from '../../src/knowledge/templates.ts'
import { anyText } from './any-text.ts'

const scope = {
  inputs: { namespace: 'shop', workload: 'deployment/cart', replicas: 3 },
  checks: {
    oom: {
      result: {
        limit: 1_073_741_824,
        odd: 333,
        load: 0.25,
        big: 9e15,
        name: 'cart; rm',
        ok: true,
        list: [1],
        none: null,
      },
    },
  },
}

test.each<[Json, Json]>([
  ['plain', 'plain'],
  ['', ''],
  [5, 5],
  [null, null],
  ['${inputs.namespace}', 'shop'],
  ['${inputs.replicas}', 3],
  ['${inputs.replicas + 1}', 4],
  ['${ inputs.replicas }', 3],
  ['deployment/${inputs.namespace}', 'deployment/shop'],
  ['${inputs.namespace}-${inputs.replicas}', 'shop-3'],
  ['a $${b} c', 'a ${b} c'],
  ['$5 and {x}', '$5 and {x}'],
  ['${checks.oom.result.limit}', 1_073_741_824],
  ['${checks.oom.result.limit * 1.5}', 1_610_612_736],
  ['${checks.oom.result.limit * 2}', 2_147_483_648],
  ['${checks.oom.result.odd * 1.5}', 500], // 499.5, rounded up
  ['${300 * 1.1}', 330], // and not 331 for the noise of binary fractions
  ['${checks.oom.result.odd / 2}', 166], // integers divide as in CEL
  ['${checks.oom.result.load}', 0.25],
  ['${checks.oom.result.load * 3}', 0.75],
  ['${checks.oom.result.ok}', true],
  ['${inputs.replicas > 2 ? "many" : "few"}', 'many'],
  ['${{"a": inputs.replicas}["a"]}', 3],
  ['${"}" + inputs.namespace}', '}shop'],
  [
    ['${inputs.replicas}', { deep: '${inputs.namespace}' }],
    [3, { deep: 'shop' }],
  ],
])('%j becomes %j', (value, rendered) => {
  expect(renderArgs({ value }, scope)).toEqual({ args: { value: rendered } })
})

test.each([
  ['${inputs.nothing}', 'needs `nothing`, which is not there'],
  ['${checks.later.result.x}', 'needs `later`'],
  ['${alert.labels.namespace}', 'alert'],
  ['${result.x}', 'result'],
  ['${checks.oom.result.name}', 'take it in through an input'],
  ['x-${checks.oom.result.name}', 'take it in through an input'],
  ['${checks.oom.result.list}', 'neither text nor a number'],
  ['${checks.oom.result}', 'neither text nor a number'],
  ['${checks.oom.result.none}', 'neither text nor a number'],
  ['${checks.oom.result.big * 5}', 'too large'],
  ['${checks.oom.result.load / 0.0}', 'finite'],
  ['${inputs.namespace', 'never closes it'],
  ['${}', 'does not parse'],
  ['${inputs.}', 'does not parse'],
])('%s is refused: %s', (value, because) => {
  const outcome = renderArgs({ ok: 1, value }, scope)
  expect('problem' in outcome && outcome.problem).toContain('The argument `value` cannot be filled in')
  expect('problem' in outcome && outcome.problem).toContain(because)
})

test('values are never read as templates again', () => {
  const outcome = renderArgs({ value: '${inputs.x}' }, { inputs: { x: '${inputs.y}', y: 'secret' }, checks: {} })
  expect(outcome).toEqual({ args: { value: '${inputs.y}' } })
})

test('text without a template comes out as it went in', () => {
  const text = anyText.filter((value) => !value.includes('${'))
  fc.assert(
    fc.property(text, (value) => {
      expect(renderArgs({ value }, scope)).toEqual({ args: { value } })
    }),
  )
})

test('a whole template keeps whatever an input holds, a mixed one its text', () => {
  fc.assert(
    fc.property(fc.oneof(anyText, fc.maxSafeInteger()), (x) => {
      const outcome = renderArgs({ whole: '${inputs.x}', mixed: '<${inputs.x}>' }, { inputs: { x }, checks: {} })
      expect(outcome).toEqual({ args: { whole: x, mixed: `<${x}>` } })
    }),
  )
})

test('no argument makes rendering throw', () => {
  const value = fc.oneof(
    fc.jsonValue(),
    fc.string().map((text) => `\${${text}}`),
    fc.string().map((text) => `\${${text}`),
  )
  fc.assert(
    fc.property(value, (any) => {
      const outcome = renderArgs({ any: any as Json }, scope)
      expect('args' in outcome || outcome.problem.endsWith('.')).toBe(true)
    }),
  )
})

test('splitting gives back every character', () => {
  const text = fc
    .array(fc.constantFrom('a', '$', '{', '}', '${', '"', "'", '\\'), { maxLength: 12 })
    .map((all) => all.join(''))
  fc.assert(
    fc.property(
      text.filter((value) => !value.includes('$${')),
      (value) => {
        const template = splitTemplate(value)
        if ('problem' in template) return
        expect(template.parts.map((part) => ('text' in part ? part.text : `\${${part.source}}`)).join('')).toBe(value)
      },
    ),
  )
})
