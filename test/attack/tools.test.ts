import { expect, test } from 'vitest'
import type { Level } from '../../src/domain/runbook.ts'
import { type Rules, rule } from '../../src/tools/policy.ts'
import { effectOfCall, toolRules } from '../../src/tools/rules.ts'

const LEVELS: readonly Level[] = ['manual', 'prompted', 'standard']
const rules: Rules = {
  policy: 'NORMAL',
  protectedNamespaces: [],
  protectedNodes: [],
  ownHost: null,
  secondPerson: 'required',
}
const target = { cluster: 'home', kind: 'Deployment', namespace: 'shop', name: 'cart', uid: 'u1' }
const destructive = [...toolRules].filter(([, { effect }]) => effect === 'destructive').map(([tool]) => tool)

test.each(destructive)('A10: %s never runs by autonomy: two people, each time, at every level', (tool) => {
  for (const level of LEVELS)
    for (const undoable of [true, false]) {
      const effect = effectOfCall(tool, {})
      const ruling = rule({ tool, effect, undoable, target, gitops: null }, { level, ceiling: 'standard' }, rules)
      expect(ruling).toMatchObject({ verdict: 'ask', scope: 'each', asks: 'two' })
    }
})

test.each(destructive)('A10: no argument that is not understood makes %s milder', (tool) => {
  for (const value of [null, '', '0', 0, -1, 0.5, [], {}, 'write'])
    for (const name of ['replicas', 'effect', 'dry_run', 'force', 'mode', 'precondition'])
      expect(effectOfCall(tool, { [name]: value })).toBe('destructive')
})

test.each([...toolRules.keys()])('A10: %s does nothing while frozen unless it only looks', (tool) => {
  const effect = effectOfCall(tool, {})
  const action = { tool, effect, undoable: true, target, gitops: null }
  const { verdict } = rule(action, { level: 'standard', ceiling: 'standard' }, { ...rules, policy: 'FROZEN' })
  expect(verdict).toBe(effect === 'read' ? 'run' : 'refuse')
})

test.each([
  'kubernetes.exec',
  'kubernetes.Scale',
  'kubernetes.scale ',
  'scale',
  '.scale',
  'kubernetes.',
  'evil.scale',
  'constructor',
  '__proto__',
])('A2: %j is no tool, at whatever level it is asked for', (tool) => {
  expect(effectOfCall(tool, {}, new Map([['notes.find', 'read']]))).toBeUndefined()
  for (const level of LEVELS) {
    const action = { tool, effect: undefined, undoable: true, target, gitops: null }
    expect(rule(action, { level, ceiling: 'standard' }, rules).verdict).toBe('refuse')
  }
})
