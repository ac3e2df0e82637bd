import { expect, test } from 'vitest'
import { scenarioNamed, scenarios } from './scenarios/index.ts'

test('without a name it is the workload, and every other has one', () => {
  expect(scenarioNamed()).toBe(scenarios.get('workload'))
  expect([...scenarios.keys()]).toEqual(['workload', 'node', 'guest'])
})

test('a scenario that is not there is refused with those that are', () => {
  expect(() => scenarioNamed('disk')).toThrow('There is no scenario "disk". There are workload, node, guest.')
  expect(() => scenarioNamed('')).toThrow('There are workload, node, guest.')
})
