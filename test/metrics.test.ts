import { expect, test } from 'vitest'
import { createMetrics } from '../src/metrics.ts'

test('what a person has to mend is counted when somebody looks', async () => {
  const { registry, troubles } = createMetrics()
  const list: string[] = []
  troubles('telegram', () => list)
  expect(await registry.metrics()).toContain('watchkeeper_troubles{part="telegram"} 0')
  list.push('The bot may not send messages to the group.')
  expect(await registry.metrics()).toContain('watchkeeper_troubles{part="telegram"} 1')
})
