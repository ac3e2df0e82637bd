import { expect, test } from 'vitest'
import { cardOf } from '../../src/chat/cards/cards.ts'
import { view as viewOf } from './views.ts'

test('what a runbook advises is in the details while nothing is proposed, without marks of Markdown', () => {
  const view = viewOf({ advice: '# Look first\n\nFree some **space**, then `df -h`.\n', plan: null, approval: null })
  const { details } = cardOf({ ...view, incident: { ...view.incident, menu: 'details' } }, { timezone: 'UTC' })
  expect(details.slice(0, 2)).toEqual(['Look first', 'Free some space, then df -h.'])
})
