import { expect, test } from 'vitest'
import { kubernetesRules } from '../../../src/tools/rules/kubernetes.ts'

test('only a plain number of replicas above zero is the smaller risk', () => {
  const effectOf = new Map(kubernetesRules).get('kubernetes.scale')?.effectOf
  expect(effectOf?.({ replicas: 3 })).toBe('write')
  for (const replicas of [0, -1, 1.5, '3', null]) expect(effectOf?.({ replicas })).toBe('destructive')
})
