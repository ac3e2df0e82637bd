import { expect, test } from 'vitest'
import { tools } from '../../../mcp-servers/kubernetes/src/tools/index.ts'
import { catalogOf } from '../../../mcp-servers/shared/src/catalog.ts'
import { kubernetesRules } from '../../../src/tools/rules/kubernetes.ts'

test('the agent knows every tool the Kubernetes server publishes, and by the same risk', () => {
  const published = [...catalogOf(tools, ['home'], false).values()].map(({ published: { name, _meta } }) => [
    `kubernetes.${name}`,
    { effect: _meta['watchkeeper/effect'], undoable: _meta['watchkeeper/undoable'] ?? false },
  ])
  const known = kubernetesRules.map(([name, { effect, undoable }]) => [name, { effect, undoable }])
  expect(Object.fromEntries(known)).toEqual(Object.fromEntries(published))
})

test('only a plain number of replicas above zero is the smaller risk', () => {
  const effectOf = new Map(kubernetesRules).get('kubernetes.scale')?.effectOf
  expect(effectOf?.({ replicas: 3 })).toBe('write')
  for (const replicas of [0, -1, 1.5, '3', null]) expect(effectOf?.({ replicas })).toBe('destructive')
})
