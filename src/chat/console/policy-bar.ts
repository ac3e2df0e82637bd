import { html } from 'hono/html'
import type { Policy } from '../../autonomy/policy-setting.ts'
import { atLeast } from '../../domain/person.ts'
import type { Html } from './page.ts'
import type { Session } from './ports.ts'

const words: Record<Policy, string> = {
  VERBOSE: 'Everything is asked for.',
  NORMAL: 'What has earned it runs by itself; the rest is asked for.',
  FROZEN: 'Everything is frozen: nothing runs until an admin thaws it.',
}

/** What holds for the whole installation, and for an admin the one button that stops everything. */
export function policyBar(policy: Policy, { person, csrf }: Session): Html {
  const frozen = policy === 'FROZEN'
  const want = frozen ? 'thaw' : 'freeze'
  const form = html`<form method="post" action="/policy"><input type="hidden" name="csrf" value="${csrf}"><input type="hidden" name="want" value="${want}"><button class="plain">${frozen ? 'Thaw' : 'Freeze everything'}</button></form>`
  return html`<div class="${frozen ? 'policy frozen' : 'policy'}" role="status"><span>${words[policy]}</span>${atLeast(person.role, 'admin') ? form : ''}</div>`
}
