import { expect, test } from 'vitest'
import type { EffectClass } from '../../src/domain/plan.ts'
import type { Level } from '../../src/domain/runbook.ts'
import { type RuledAction, type Rules, type Ruling, rule } from '../../src/tools/policy.ts'
import { effectOfCall, toolRules } from '../../src/tools/rules.ts'

const deployment = { cluster: 'talos-main', kind: 'Deployment', namespace: 'media', name: 'radarr', uid: 'u1' }
const action = (changes: Partial<RuledAction> = {}): RuledAction => ({
  tool: 'kubernetes.set_resources',
  effect: 'write',
  undoable: true,
  target: deployment,
  gitops: null,
  ...changes,
})
const rules = (changes: Partial<Rules> = {}): Rules => ({
  policy: 'NORMAL',
  protectedNamespaces: ['kube-system'],
  protectedNodes: ['talos-cp1'],
  ownHost: 'pve1',
  secondPerson: 'required',
  ...changes,
})
const said = (ruling: Ruling) => (ruling.verdict === 'ask' ? `ask ${ruling.asks}, ${ruling.scope}` : ruling.verdict)

const table: [EffectClass, boolean, Record<Level, string>, policy: Rules['policy']][] = [
  ['read', false, { manual: 'run', prompted: 'run', standard: 'run' }, 'NORMAL'],
  ['read', false, { manual: 'run', prompted: 'run', standard: 'run' }, 'FROZEN'],
  ['write', true, { manual: 'ask one, each', prompted: 'ask one, plan', standard: 'run' }, 'NORMAL'],
  ['write', true, { manual: 'ask one, each', prompted: 'ask one, plan', standard: 'ask one, plan' }, 'VERBOSE'],
  ['write', true, { manual: 'refuse', prompted: 'refuse', standard: 'refuse' }, 'FROZEN'],
  ['write', false, { manual: 'ask one, each', prompted: 'ask one, plan', standard: 'run' }, 'NORMAL'],
  ['write', false, { manual: 'ask one, each', prompted: 'ask one, plan', standard: 'ask one, plan' }, 'VERBOSE'],
  ['destructive', true, { manual: 'ask two, each', prompted: 'ask two, each', standard: 'ask two, each' }, 'NORMAL'],
  ['destructive', true, { manual: 'refuse', prompted: 'refuse', standard: 'refuse' }, 'FROZEN'],
]

for (const [effect, undoable, expected, policy] of table)
  for (const level of ['manual', 'prompted', 'standard'] as const)
    test(`${policy}: ${effect}${undoable ? '' : ', not undoable'}, at ${level}: ${expected[level]}`, () => {
      const ruling = rule(action({ effect, undoable }), { level, ceiling: 'standard' }, rules({ policy }))
      expect(said(ruling)).toBe(expected[level])
    })

test.each<[string, Partial<RuledAction>]>([
  ['the namespace kube-system is protected', { target: { ...deployment, namespace: 'kube-system' } }],
  [
    'the namespace kube-system is protected',
    { target: { ...deployment, kind: 'Namespace', namespace: null, name: 'kube-system' } },
  ],
  ['the node talos-cp1 is protected', { target: { ...deployment, kind: 'Node', namespace: null, name: 'talos-cp1' } }],
  ['I run on pve1 myself', { target: { ...deployment, kind: 'Node', namespace: null, name: 'pve1' } }],
  ['Argo CD (media) owns it and may take the change back', { gitops: 'Argo CD (media)' }],
])('two people, whatever the level: %s', (because, changes) => {
  for (const level of ['manual', 'prompted', 'standard'] as const) {
    const ruling = rule(action(changes), { level, ceiling: 'standard' }, rules())
    expect(ruling).toEqual({ verdict: 'ask', scope: 'each', asks: 'two', because })
  }
})

// Where a quorum is at risk the servers refuse their dry run with the reason, and no plan comes of it (Talos), or warn
// (Proxmox VE). What is left of that line of the table is that none of these calls is ever one person's.
test.each([
  'talos.reboot',
  'talos.shutdown',
  'talos.upgrade',
  'talos.rollback',
  'talos.service_stop',
  'talos.etcd_defrag',
  'talos.config_patch',
  'proxmox.guest_shutdown',
  'proxmox.guest_reboot',
  'proxmox.guest_stop',
  'proxmox.guest_reset',
  'proxmox.guest_suspend',
  'proxmox.guest_migrate',
  'proxmox.guest_config_set',
  'proxmox.snapshot_rollback',
])('a call that may cost a quorum is asked of two people, whatever the level: %s', (tool) => {
  const effect = effectOfCall(tool, {})
  for (const level of ['manual', 'prompted', 'standard'] as const)
    expect(said(rule(action({ tool, effect }), { level, ceiling: 'standard' }, rules()))).toBe('ask two, each')
})

test('the strictest line wins: frozen before protected, destructive before its level', () => {
  const protectedScaleToZero = action({ effect: 'destructive', target: { ...deployment, namespace: 'kube-system' } })
  const standing = { level: 'standard', ceiling: 'standard' } as const
  expect(said(rule(protectedScaleToZero, standing, rules({ policy: 'FROZEN' })))).toBe('refuse')
  expect(said(rule(protectedScaleToZero, standing, rules()))).toBe('ask two, each')
})

test('a level above the ceiling counts as the ceiling', () => {
  const standing = (ceiling: Level) => ({ level: 'standard' as const, ceiling })
  expect(said(rule(action(), standing('prompted'), rules()))).toBe('ask one, plan')
  expect(said(rule(action(), standing('manual'), rules()))).toBe('ask one, each')
})

test('A10: a changing tool of another server is always asked for, whatever its record', () => {
  const declared = new Map([
    ['notes.find', 'read'],
    ['notes.create', 'write'],
    ['notes.wipe', 'destructive'],
  ] as const)
  const ruling = (tool: string, level: Level) => {
    const known = { tool, effect: effectOfCall(tool, {}, declared), undoable: false }
    return said(rule(action(known), { level, ceiling: 'standard' }, rules({ declared })))
  }
  expect(ruling('notes.find', 'manual')).toBe('run')
  expect(ruling('notes.create', 'manual')).toBe('ask one, each')
  expect(ruling('notes.create', 'prompted')).toBe('ask one, plan')
  expect(ruling('notes.create', 'standard')).toBe('ask one, plan')
  expect(ruling('notes.wipe', 'standard')).toBe('ask two, each')
  expect(ruling('notes.other', 'standard')).toBe('refuse')
})

test('nobody’s declaration makes a tool of our own servers milder', () => {
  const declared = new Map([['kubernetes.scale', 'read']] as const)
  expect(effectOfCall('kubernetes.scale', { replicas: 0 }, declared)).toBe('destructive')
})

test('a watch of one is asked twice itself, where it has said so', () => {
  const ruling = rule(
    action({ effect: 'destructive' }),
    { level: 'manual', ceiling: 'standard' },
    rules({ secondPerson: 'self' }),
  )
  expect(said(ruling)).toBe('ask self_two, each')
})

test('a tool nobody knows is refused before anything else, and by name', () => {
  const ruling = rule(
    action({ tool: 'evil.shell', effect: undefined }),
    { level: 'standard', ceiling: 'standard' },
    rules(),
  )
  expect(ruling).toEqual({ verdict: 'refuse', because: 'evil.shell is not a tool this installation knows' })
})

test('what a call risks is read off its arguments, by the table of this installation alone', () => {
  expect(effectOfCall('kubernetes.scale', { replicas: 3 })).toBe('write')
  expect(effectOfCall('kubernetes.scale', { replicas: 0 })).toBe('destructive')
  expect(effectOfCall('kubernetes.rollout_restart', {})).toBe('write')
  expect(effectOfCall('kubernetes.exec', {})).toBeUndefined()
  expect(effectOfCall('evil.scale', { replicas: 3 })).toBeUndefined()
})

test.each([['0'], [null], [undefined], [-0], [0.5], [false], ['zero'], [{}]])(
  'a count of pods that is no plain positive number (%s) is never the smaller risk',
  (replicas) => {
    const args = replicas === undefined ? {} : { replicas }
    expect(effectOfCall('kubernetes.scale', args)).toBe('destructive')
  },
)

test('every tool of the table that has a reason to be milder is at its highest when published', () => {
  for (const [tool, { effect, effectOf }] of toolRules) {
    if (effectOf) expect({ tool, effect }).toEqual({ tool, effect: 'destructive' })
  }
})
