import { expect, test } from 'vitest'
import { cardOf } from '../../src/chat/cards/cards.ts'
import { action, asking, plan, utc } from './views.ts'

test('bytes that the diff shows with a unit are not said twice, and the way back is in the words of the diff', () => {
  const raise = action({
    arguments: { namespace: 'media', workload: 'deployment/radarr', memory: 1_610_612_736, dry_run: false },
    diff: [{ field: 'radarr.limits.memory', from: '1Gi', to: '1536Mi' }],
    wayBack: {
      tool: 'kubernetes.set_resources',
      arguments: { namespace: 'media', workload: 'deployment/radarr', memory: 1_073_741_824 },
    },
  })
  const block = cardOf(asking({ plan: plan([raise]) }), utc).block ?? []
  expect(block).toContain('  + radarr.limits.memory: 1536Mi')
  expect(block.join('\n')).not.toContain('1610612736')
  expect(block.find((line) => line.startsWith('Way back'))).toBe(
    'Way back: radarr.limits.memory 1Gi, asked again before it runs',
  )
})

test('bytes that differ from what the diff shows are shown', () => {
  const odd = action({
    arguments: { namespace: 'media', workload: 'deployment/radarr', memory: 1_610_612_737, dry_run: false },
    diff: [{ field: 'radarr.limits.memory', from: '1Gi', to: '1536Mi' }],
  })
  expect(cardOf(asking({ plan: plan([odd]) }), utc).block).toContain('  memory: 1610612737')
})
