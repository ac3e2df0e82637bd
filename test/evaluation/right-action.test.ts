import { expect, test } from 'vitest'
import { recordedTools } from '../../src/evaluation/recorded-tools.ts'
import { actionAfter } from '../../src/evaluation/right-action.ts'
import { readOnlyTools } from '../../src/investigation/read-only-tools.ts'
import type { Conclusion, Report } from '../../src/investigation/report.ts'
import { loadRunbookFolder } from '../../src/knowledge/runbook-folder.ts'

const { runbooks } = await loadRunbookFolder('runbooks')
const GUEST_DOWN = { labels: { alertname: 'ProxmoxGuestDown', id: 'qemu/212' } }
const NOBODY_KNOWS = { labels: { alertname: 'NobodyKnowsThis' } }

/** A guest that is off, though it is meant to run. */
const { toolbox } = recordedTools(
  [
    {
      tool: 'proxmox.guest_get',
      args: { guest: 212 },
      free: [],
      answer: { summary: 'off', result: { status: 'stopped', config: { onboot: true } } },
    },
  ],
  [],
)
const looking = readOnlyTools(toolbox)

function reportWith(conclusion: Partial<Conclusion>): Report {
  const whole: Conclusion = { finding: 'cause_found', summary: '', causes: [], claims: [], next: '', ...conclusion }
  const spent = { unsupported: 0, looks: 0, refused: [], models: [], degraded: [], tokens: 0, microUsd: 0 }
  return { ending: 'concluded', conclusion: whole, evidence: [], ...spent }
}

const cause = { title: 'x', claims: [], confidence: 1 }
const byRunbook = { ...cause, plan: { kind: 'runbook' as const, runbook: 'node-not-ready', inputs: {} } }
const actions = ['kubernetes.scale', 'kubernetes.cordon'].map((tool) => ({ tool, arguments: {}, why: '' }))
const byActions = { ...cause, plan: { kind: 'actions' as const, actions } }

test.each<[string, Partial<Conclusion>, { labels: Record<string, string> }, string]>([
  ['a runbook whose checks hold', { finding: 'no_data' }, GUEST_DOWN, 'guest-down'],
  ['the same, before what the model proposes', { causes: [byRunbook] }, GUEST_DOWN, 'guest-down'],
  ['what shows that all is well', { finding: 'not_a_problem' }, GUEST_DOWN, 'none'],
  ['a runbook whose checks have no answer', {}, { labels: { ...GUEST_DOWN.labels, id: 'qemu/7' } }, 'none'],
  ['an alert without a runbook', { causes: [cause] }, NOBODY_KNOWS, 'none'],
  ['a runbook that the model proposes', { causes: [byRunbook] }, NOBODY_KNOWS, 'node-not-ready'],
  ['actions that the model proposes', { causes: [byActions] }, NOBODY_KNOWS, 'kubernetes.scale + kubernetes.cordon'],
  ['a proposal for one of two causes', { finding: 'unclear', causes: [byRunbook, cause] }, NOBODY_KNOWS, 'none'],
])('%s', async (_, conclusion, alert, action) => {
  expect(await actionAfter(reportWith(conclusion), { looking, runbooks, alert })).toBe(action)
})
