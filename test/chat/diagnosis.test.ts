import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cardOf, cardText, everyButton, pingOf } from '../../src/chat/cards/cards.ts'
import { visibleLength } from '../../src/chat/cards/fit.ts'
import { closingLine, listLine } from '../../src/chat/outbox/lines.ts'
import type { Cause, Conclusion, InvestigationView, KeptReport } from '../../src/domain/investigation.ts'
import { asking, at, plan, utc, view } from './views.ts'

const killed: Cause = {
  title: 'Its memory limit is too small',
  confidence: 0.7,
  claims: [
    { text: 'It was killed 7 times.', cites: [{ evidence: 'e2', quote: '7' }] },
    { text: 'The node has room', cites: [{ evidence: 'e3', quote: '6Gi' }] },
  ],
  plan: { kind: 'runbook', runbook: 'raise-memory', inputs: {} },
}
const leaks: Cause = {
  title: 'The new version leaks',
  confidence: 0.3,
  claims: [{ text: 'It came with 5.22', cites: [{ evidence: 'e4', quote: '5.22' }] }],
  plan: {
    kind: 'actions',
    actions: [{ tool: 'kubernetes.set_image', arguments: { image: 'radarr:5.21' }, why: 'the one before held.' }],
  },
}

function concluded(changes: Partial<Conclusion> = {}): Conclusion {
  return { finding: 'cause_found', summary: 'So it is.', causes: [killed], claims: [], next: '', ...changes }
}

function report(conclusion: Conclusion | undefined, changes: Partial<KeptReport> = {}): KeptReport {
  return {
    ending: 'concluded',
    ...(conclusion && { conclusion }),
    evidence: [
      { id: 'e1', source: 'alert' },
      { id: 'e2', source: 'tool kubernetes.describe {"kind":"Pod"}' },
      { id: 'e3', source: 'check:oom/node, kubernetes.describe' },
      { id: 'e4', source: 'changed, kubernetes.rollout_history' },
    ],
    unsupported: 0,
    looks: 3,
    refused: [],
    models: [{ model: 'qwen3:8b', place: 'local', reason: 'mode', because: 'the mode is local_first' }],
    degraded: [],
    tokens: 4_200,
    microUsd: 0,
    ...changes,
  }
}

function looked(told: InvestigationView['report'], changes: Partial<InvestigationView> = {}): InvestigationView {
  const times = { createdAt: at('02:15'), endedAt: at('02:17') }
  return { id: 'i-1', round: 1, askedBy: 'agent', status: 'done', progress: null, report: told, ...times, ...changes }
}

const advised = (...investigations: InvestigationView[]) =>
  view({
    incident: { status: 'watching', outcome: null, because: 'No plan came of it.' },
    findings: [],
    investigations,
  })
const textOf = (shown: Parameters<typeof cardOf>[0], whole = false) => cardText(cardOf(shown, { ...utc, whole }))

test('a cause stands with what shows it, what could be done, and who said it', () => {
  const text = textOf(advised(looked(report(concluded({ next: 'Whether 5.22 leaks.' })))))
  expect(text).toContain(
    'Cause: Its memory limit is too small\nWhy: It was killed 7 times (kubernetes.describe) · The node has room (check:oom/node)\nCould do: the runbook raise-memory\nUnsure: Whether 5.22 leaks.',
  )
  expect(text).toContain('[Plan for it]')
  expect(text).toContain('qwen3:8b (local) · $0.00 · no checks yet · #1287')
})

test('causes between which it is not clear are told apart, each with a button of its own', () => {
  const shown = advised(looked(report(concluded({ finding: 'unclear', causes: [killed, leaks] }))))
  const text = textOf(shown)
  expect(text).toContain('Perhaps 1: Its memory limit is too small: It was killed 7 times (kubernetes.describe)')
  expect(text).toContain('Perhaps 2: The new version leaks: It came with 5.22 (changed)')
  expect(text).toContain('[Plan: Its memory limit is too small]\n[Plan: The new version leaks]')
  const chosen = everyButton(shown).filter(({ verb }) => verb === 'choose')
  expect(chosen.map(({ subject, params }) => [subject, params])).toEqual([
    ['i-1', { cause: 0 }],
    ['i-1', { cause: 1 }],
  ])
})

test('while a plan for one cause is asked for, the other is still offered, and the cause is told', () => {
  const both = looked(report(concluded({ finding: 'unclear', causes: [killed, leaks] })))
  const proposal = { investigation: 'i-1', cause: 1 }
  const text = textOf(asking({ findings: [], investigations: [both], plan: plan(undefined, { proposal }) }))
  expect(text).toContain('Cause: The new version leaks')
  expect(text).not.toContain('Perhaps')
  expect(text).toContain('[Plan: Its memory limit is too small]')
  expect(text).not.toContain('[Plan: The new version leaks]')
})

test.each([
  [
    concluded({ finding: 'no_data', causes: [], next: 'The logs of the node.' }),
    'Diagnosis: What could be seen does not say why.\nNext: The logs of the node.',
  ],
  [
    concluded({ finding: 'not_a_problem', causes: [], claims: killed.claims.slice(1) }),
    'Diagnosis: Nothing seems to be wrong.\nWhy: The node has room (check:oom/node)',
  ],
])('no data, and nothing wrong, are answers', (conclusion, told) => {
  expect(textOf(advised(looked(report(conclusion))))).toContain(told)
})

test.each([
  ['limit', 'Looked as often as it may, without an answer.'],
  ['deadline', 'Looked deeper until the time for it was over.'],
  ['no_model', 'Looked deeper without an answer.'],
] as const)('an end by %s is told, with what is degraded', (ending, told) => {
  const text = textOf(advised(looked(report(undefined, { ending, models: [], degraded: ['The budget is spent.'] }))))
  expect(text).toContain(`Diagnosis: ${told} The budget is spent.`)
  expect(text).toContain('no model used')
})

test('what was dropped is counted, and why the cloud was asked stands beside what it cost', () => {
  const models = [
    { model: 'qwen3:8b', place: 'local' as const, reason: 'mode', because: 'x' },
    {
      model: 'claude-sonnet-5-5',
      place: 'cloud' as const,
      reason: 'evidence',
      because: 'It cited what does not hold.',
    },
  ]
  const text = textOf(advised(looked(report(concluded(), { models, unsupported: 2, microUsd: 12_300 }))))
  expect(text).toContain('2 claims that no evidence shows were left out.')
  expect(text).toContain('qwen3:8b (local), then claude-sonnet-5-5, because it cited what does not hold · $0.01')
})

test('what costs little is not told as nothing', () => {
  expect(textOf(advised(looked(report(concluded(), { microUsd: 40 }))))).toContain('under $0.01')
})

test('while a model looks, the card says so quietly', () => {
  const running = looked(null, { status: 'running', progress: 'Looking: kubernetes.describe', endedAt: null })
  const text = textOf(view({ investigations: [running] }))
  expect(text).toContain('Looking deeper… Looking: kubernetes.describe')
  expect(text).toContain('a model is looking')
})

test('one that failed by an error of ours is told, and one that was broken off is not', () => {
  expect(textOf(advised(looked({ failed: 'It could not be looked into.' })))).toContain('It could not be looked into.')
  const text = textOf(advised(looked(report(undefined, { ending: 'cancelled' }))))
  expect(text).not.toContain('Diagnosis')
})

test('a second answer that a person asked for is held against the first', () => {
  const first = looked(report(concluded()))
  const second = (told: Conclusion) => looked(report(told), { id: 'i-2', askedBy: 'bob' })
  expect(textOf(advised(second(concluded({ causes: [leaks] })), first))).toContain(
    'Compared: before it was: Its memory limit is too small',
  )
  expect(textOf(advised(second(concluded()), first))).toContain('Compared: The same answer as before.')
})

test('Ask Claude is offered only where the cloud may be asked, and not while something is under way', () => {
  const offers = (shown: Parameters<typeof everyButton>[0]) =>
    everyButton(shown).some(({ verb }) => verb === 'ask_cloud')
  expect(offers(view({ askCloud: true }))).toBe(true)
  expect(offers(view())).toBe(false)
  expect(offers(view({ askCloud: true, investigations: [looked(null, { status: 'waiting', endedAt: null })] }))).toBe(
    false,
  )
  expect(offers(view({ askCloud: true, incident: { status: 'closed', closedAt: at('02:30') } }))).toBe(false)
})

test('Details have all that was said, refused and spent', () => {
  const refused = [{ tool: 'kubernetes.delete', because: 'It needs a runbook.' }]
  const shown = advised(looked(report(concluded({ causes: [leaks] }), { refused })))
  const details = cardOf({ ...shown, incident: { ...shown.incident, menu: 'details' } }, utc).details.join('\n')
  expect(details).toContain('In its own words: So it is.')
  expect(details).toContain('Cause 1: The new version leaks (its own estimate: 30 %)')
  expect(details).toContain('Proposed: kubernetes.set_image, the one before held')
  expect(details).toContain('Refused kubernetes.delete: It needs a runbook.')
  expect(details).toContain('4200 tokens')
})

test('whatever a model writes, the card stays a card: short, plain, and with the question in it', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 600 })
  const cause = fc.record({ title: text, quote: text, why: text })
  fc.assert(
    fc.property(fc.array(cause, { minLength: 1, maxLength: 3 }), text, (said, next) => {
      const causes = said.map(({ title, quote, why }) => ({
        title,
        confidence: 1,
        claims: [{ text: quote, cites: [{ evidence: 'e2', quote }] }],
        plan: { kind: 'actions' as const, actions: [{ tool: title, arguments: {}, why }] },
      }))
      const finding = causes.length === 1 ? ('cause_found' as const) : ('unclear' as const)
      const shown = asking({ investigations: [looked(report(concluded({ finding, causes, next })))] })
      const card = cardOf(shown, utc)
      expect(visibleLength(card)).toBeLessThanOrEqual(960)
      expect(card.rows.flat().some(({ verb }) => verb === 'approve')).toBe(true)
      for (const { text: line } of card.lines) expect(line).not.toMatch(/[\n\u202e]/)
      for (const { label } of card.rows.flat()) expect(label.length).toBeLessThanOrEqual(40)
    }),
    { numRuns: 60 },
  )
})

test('an incident that stays at home says nothing outside but that it is there, how bad it is, and where to look', () => {
  const shown = asking({ keptHome: true, investigations: [looked(report(concluded()))] })
  const card = cardOf(shown, { ...utc, outside: { console: 'https://watch.example' } })
  expect(cardText(card)).toBe(`✋ Approve? an incident that stays at home (critical)


What it is stays at home. The console shows it, and asks there.
https://watch.example/incidents/1287

[Quiet ▾] [More ▾]
#1287`)
  const said = JSON.stringify([card, pingOf(shown, 'approval'), listLine(shown), closingLine(shown)])
  for (const word of ['radarr', 'media', 'memory', 'talos', 'approve"', 'OOM']) expect(said).not.toContain(word)
  expect(card.more.map(({ verb }) => verb)).toEqual(['taken', 'menu'])
  expect(cardOf(shown, { ...utc, whole: true }).title).toContain('radarr')
})

test('it stays so with its details open', () => {
  const shown = asking({ keptHome: true, incident: { menu: 'details' } })
  expect(cardOf(shown, { ...utc, outside: { console: undefined } })).toMatchObject({
    menu: null,
    details: [],
    block: null,
  })
})
