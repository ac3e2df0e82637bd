import fc from 'fast-check'
import { expect, test } from 'vitest'
import { buttonKey, cardOf, cardText, everyButton, keyboardOf, pingOf } from '../../src/chat/cards/cards.ts'
import { visibleLength } from '../../src/chat/cards/fit.ts'
import type { IncidentView } from '../../src/domain/view.ts'
import { hostileView } from './hostile.ts'
import {
  action,
  alert,
  approval,
  asking,
  at,
  decided,
  effect,
  everyState,
  incident,
  plan,
  scaleAction,
  utc,
  view,
  vote,
} from './views.ts'

const textOf = (shown: Parameters<typeof cardOf>[0]) => cardText(cardOf(shown, utc))

test('the first notice says what, where, since when, what was seen, and what comes next', () => {
  expect(textOf(view())).toBe(`🔴 radarr – keeps running out of memory
media/radarr · talos-main · 7 alerts, since 02:14

Alert says: radarr in media was killed 7 times in 22 min.
Seen: OOMKilled (137), limit 1Gi, peak 1019Mi · the node has 6Gi free
Not confirmed: no change of the image was found
Known: Keeps running out of memory, here 6 times: 5 held, 1 did not
Now: Looking at it. A plan, or advice, comes next on this card.

[Quiet ▾] [More ▾]
no model used · 2 of 3 checks · #1287`)
})

test('what several looks have to say alike is said once', () => {
  const summary = 'There are no tools for kubernetes here: set KUBECONFIG.'
  const missing = ['a', 'b', 'c'].map((name) => ({
    key: `check:mend/${name}`,
    tool: 'kubernetes.describe',
    ok: false,
    summary,
    at: new Date(),
  }))
  expect(textOf(view({ findings: missing }))).toContain(`\nNot confirmed: ${summary}\n`)
})

test('an approval shows what would run first, exactly, and then why and on what terms', () => {
  const shown = asking()
  const card = cardOf(shown, utc)
  const digest = shown.plan?.digest.slice(4, 8)
  expect(card.block).toEqual([
    expect.stringMatching(new RegExp(`^RUNS EXACTLY THIS · plan ${digest}-[0-9a-f]{2}$`)),
    '1 kubernetes.set_resources media/radarr',
    '  - limits.memory: 1Gi',
    '  + limits.memory: 1536Mi',
    '  only if unchanged: uid 5c1e90aa…, generation 7, values 01234567…',
    'Dry run: 1 object, 1 restart',
    'Way back: limits.memory 1Gi, asked again before it runs',
    'Done means: available, 0 restarts since, within 10 min; alert clear within 30 min, and for 20 min',
  ])
  expect(card.title).toBe('Approve? radarr – keeps running out of memory')
  expect(card.lines.at(-1)?.text).toBe('Can be undone · asks one operator · ends 03:20')
  expect(card.digest).toBe(shown.plan?.digest)
})

test('what several people changed is told of each of them, in their order', () => {
  const edit = (field: string, from: string, to: string) => ({ action: 0, field, from, to, input: null })
  const before = [{ by: 'alice', edits: [edit('memory', '1Gi', '64Mi')] }]
  const edited = { by: 'bob', of: 'wk1:00', edits: [edit('cpu', '1', '2')], before }
  const shown = asking()
  const body = plan([action()], { edited }).body
  const { lines } = cardOf({ ...shown, plan: shown.plan && { ...shown.plan, body } }, utc)
  const text = 'by alice: memory 64Mi instead of 1Gi; then by bob: cpu 2 instead of 1'
  expect(lines).toContainEqual({ label: 'Changed', text })
})

const titles: [string, string, string][] = [
  ['looking', 'critical', 'radarr – keeps running out of memory'],
  ['advised', 'critical', 'radarr – container was killed 7 times in 22 minutes'],
  ['asked', 'ask', 'Approve? radarr – keeps running out of memory'],
  ['second', 'ask', 'One more approval? radarr – keeps running out of memory'],
  ['confirm', 'ask', 'Confirm? radarr – keeps running out of memory'],
  ['running', 'running', 'Working on it: radarr – keeps running out of memory'],
  ['verifying', 'running', 'Changed, now watching: radarr – keeps running out of memory'],
  ['fixed', 'fixed', 'Fixed: radarr – keeps running out of memory'],
  ['not_fixed', 'failed', 'Not fixed: radarr – keeps running out of memory'],
  ['unknown', 'doubt', 'Not known whether it helped: radarr – keeps running out of memory'],
  ['reverted', 'failed', 'Changed back by something else: radarr – keeps running out of memory'],
  ['failed', 'failed', 'Failed: radarr – keeps running out of memory'],
  ['partial', 'failed', 'Stopped half-way: radarr – keeps running out of memory'],
  ['doubt', 'doubt', 'In doubt: radarr – keeps running out of memory'],
  ['rejected', 'over', 'Rejected: radarr – keeps running out of memory'],
  ['expired', 'over', 'Nobody answered: radarr – keeps running out of memory'],
  ['cleared', 'over', 'Cleared by itself: radarr – keeps running out of memory'],
  ['snoozed', 'quiet', 'Snoozed: radarr – keeps running out of memory'],
  ['ignored', 'quiet', 'Ignored: radarr – keeps running out of memory'],
  ['waits', 'critical', 'Waiting its turn: radarr – keeps running out of memory'],
  ['abandoned', 'over', 'Given up: radarr – keeps running out of memory'],
  ['closed', 'over', 'Over: radarr – keeps running out of memory'],
]

test.each(titles)('an incident that is %s has its tone (%s) and title', (state, tone, title) => {
  const card = cardOf(everyState[state] ?? view(), utc)
  expect([card.tone, card.title]).toEqual([tone, title])
})

const says: [string, string][] = [
  ['advised', 'Now: No runbook fits this alert. Nothing will be done without a person.'],
  ['second', 'anna approved at 02:21; a second person must approve too, one of the two an admin.'],
  [
    'confirm',
    'anna approved at 02:20; type the name below, then press Confirm in 30 s.\nReply to this card with: radarr',
  ],
  ['running', '02:21 anna approved → 02:22 running'],
  ['verifying', 'Now: Watching until 03:12.'],
  ['fixed', '02:21 anna approved → 02:22 changed → 02:43 verified'],
  ['fixed', 'Watched: available, 0 restarts · alert clear for 20 min'],
  ['fixed', 'Record here: 6 of 7 verified'],
  ['not_fixed', 'It was killed again 4 min after the change.'],
  ['unknown', 'Nothing was heard of the alert.'],
  ['failed', 'Failed: step 1: The API server refused it: quota exceeded.'],
  ['partial', '1 kubernetes.set_resources media/radarr · done ✓'],
  ['partial', '2 kubernetes.scale media/radarr · failed ✗'],
  ['partial', '3 kubernetes.scale media/radarr · skipped'],
  ['doubt', 'It may have run, or not. Nothing more runs until you say.'],
  ['rejected', '02:21 bob rejected'],
  ['expired', 'that means no. Nothing ran.'],
  ['cleared', 'The alert cleared before anything ran. The plan was withdrawn.'],
  ['snoozed', 'Quiet until 03:21, then it is looked at again.'],
  ['waits', '#12 works on the same workload. A fresh plan is made when it is done.'],
]

const unclear: [string, IncidentView, string][] = [
  ['frozen', asking({ policy: 'FROZEN' }), 'Everything is frozen: nothing runs until an admin says /thaw.'],
  ['asked of one person twice', everyState.confirm ?? view(), 'asks one person twice, 60 s apart'],
  [
    'reported both ways',
    view({ alerts: [alert({ contradicted: true })] }),
    'Note: The alert was reported as firing and as over. It counts as firing until one of the two is certain.',
  ],
  [
    'changed without help',
    decided({ incident: { status: 'watching', outcome: 'not_fixed' }, effects: [effect()] }),
    'The change was made, and the trouble is still there.',
  ],
  ['ignored', everyState.ignored ?? view(), 'Quiet until the alert ends. New alerts like it are added here.'],
]

test.each(unclear)('what is %s is told in words that need no others', (_name, shown, sentence) => {
  expect(textOf(shown)).toContain(sentence)
})

test.each(says)('an incident that is %s says: %s', (state, sentence) => {
  expect(textOf(everyState[state] ?? view())).toContain(sentence)
})

const keyboards: [string, string[]][] = [
  ['looking', ['Quiet ▾ | More ▾']],
  ['advised', ['Look again', 'Quiet ▾ | More ▾']],
  ['asked', ['✅ Approve | ✖ Reject', '✏ Modify | Quiet ▾ | More ▾']],
  ['second', ['✅ Approve (2 of 2) | ✖ Reject', '✏ Modify | Quiet ▾ | More ▾']],
  ['confirm', ['✅ Confirm | ✖ Reject', '✏ Modify | Quiet ▾ | More ▾']],
  ['running', ['More ▾']],
  ['verifying', ['↩ Undo', 'More ▾']],
  ['fixed', ['↩ Undo', 'More ▾']],
  ['not_fixed', ['Plan again | ↩ Undo', 'Quiet ▾ | More ▾']],
  ['reverted', ['Plan again', 'Quiet ▾ | More ▾']],
  ['failed', ['Plan again', 'Quiet ▾ | More ▾']],
  ['partial', ['↩ Undo | Plan for the rest', 'More ▾']],
  ['doubt', ['Check again | Run again', 'Abandon', 'More ▾']],
  ['rejected', ['Plan again', 'Quiet ▾ | More ▾']],
  ['expired', ['Plan again', 'Quiet ▾ | More ▾']],
  ['cleared', ['More ▾']],
  ['snoozed', ['Look again', 'Quiet ▾ | More ▾']],
  ['waits', ['Quiet ▾ | More ▾']],
]

test.each(keyboards)('an incident that is %s offers %j', (state, rows) => {
  const shown = keyboardOf(cardOf(everyState[state] ?? view(), utc))
  expect(shown.map((row) => row.map(({ label }) => label).join(' | '))).toEqual(rows)
})

test('buttons name what they decide on: the approval, the effect, the plan', () => {
  const subjects = (state: string) =>
    everyButton(everyState[state] ?? view()).map(({ verb, subject }) => `${verb} ${subject}`)
  expect(subjects('asked')).toEqual(
    expect.arrayContaining(['approve approval-1', 'reject approval-1', 'taken ', 'ignore ', 'snooze ']),
  )
  expect(subjects('doubt')).toEqual(
    expect.arrayContaining(['check_again effect-1', 'run_again effect-1', 'abandon effect-1']),
  )
  expect(subjects('partial')).toEqual(expect.arrayContaining(['undo plan-1', 'rest plan-1']))
})

test('an approval that was superseded is no approval, and an abandoned doubt is no doubt', () => {
  const superseded = asking({ approval: approval({ status: 'superseded', decidedAt: at('02:21') }) })
  expect(cardOf(superseded, utc).title).toBe('radarr – keeps running out of memory')
  const abandoned = decided({
    incident: { status: 'watching', outcome: 'abandoned' },
    effects: [effect({ status: 'in_doubt', finishedAt: null })],
  })
  expect(cardOf(abandoned, utc).title).toBe('Given up: radarr – keeps running out of memory')
})

test('once the alert is gone there is nothing to plan or to quieten, but what was done may be taken back', () => {
  const over = decided({ incident: { status: 'closed', outcome: 'not_fixed' }, effects: [effect()], firing: 0 })
  expect(keyboardOf(cardOf(over, utc)).map((row) => row.map(({ label }) => label))).toEqual([['↩ Undo'], ['More ▾']])
})

test('menus open in place of the keyboard and lead back', () => {
  const rows = (menu: 'quiet' | 'more') =>
    keyboardOf(cardOf(asking({ incident: { menu } }), utc)).map((row) => row.map(({ label }) => label))
  expect(rows('quiet')).toEqual([['Ignore until it ends'], ['Snooze 1 h', 'Snooze 8 h'], ['‹ Back']])
  expect(rows('more')).toEqual([['Details'], ["I'm on it", '‹ Back']])
  const opened = cardOf(asking({ incident: { menu: 'details' } }), utc)
  expect(
    keyboardOf(opened)
      .at(-1)
      ?.map(({ params }) => params),
  ).toEqual([{ menu: 'none' }])
  expect(cardText(opened)).toContain(`Plan ${plan().digest}, proposed by watchkeeper`)
})

test('a plan that wants two asks for the first of two', () => {
  const shown = asking({ approval: approval({ asks: 'two' }) })
  expect(textOf(shown)).toContain('[✅ Approve (1 of 2)]')
  const operators = asking({
    approval: approval({ asks: 'two' }),
    votes: [vote('anna', '02:21'), vote('bob', '02:22')],
  })
  expect(textOf(operators)).toContain('one of those who approve must be an admin')
})

test('Undo is not offered when anything that was done has no way back', () => {
  const shown = decided({
    incident: { status: 'closed', outcome: 'fixed' },
    plan: plan([action(), scaleAction()]),
    effects: [effect(), effect({ id: 'effect-2', action: 1 })],
  })
  expect(textOf(shown)).not.toContain('Undo')
})

test('every argument that the diff does not show is shown, nested ones and quoted ones too', () => {
  const { block } = cardOf(
    asking({
      plan: plan([
        action({
          arguments: {
            namespace: 'other',
            workload: 'radarr',
            memory: '1536Mi',
            cpu: '2',
            flags: ['--force', ' x'],
            deep: { on: 'true' },
          },
        }),
      ]),
    }),
    utc,
  )
  expect(block).toEqual(
    expect.arrayContaining([
      '  namespace: other',
      '  cpu: "2"',
      '  flags[0]: --force',
      '  flags[1]: " x"',
      '  deep.on: "true"',
    ]),
  )
})

test('an approval of one step shows that step, and names the others', () => {
  const { block } = cardOf(asking({ plan: plan([action(), scaleAction()]), approval: approval({ actions: [1] }) }), utc)
  expect(block?.[0]).toContain('step 2 of 2')
  expect(block).toContain('2 kubernetes.scale media/radarr')
  expect(block).toContain('asked before: 1 kubernetes.set_resources media/radarr')
  expect(block).toContain('Way back: none (the second replica shares a volume)')
})

test('names that are not plain are spelled out and flagged', () => {
  const odd = action({
    target: { cluster: 'c', kind: 'Deployment', namespace: 'media', name: 'r\u0430darr\u202e', uid: null },
  })
  const shown = cardOf(asking({ incident: { workload: 'r\u0430darr\u202e' }, plan: plan([odd]) }), utc)
  expect(shown.block).toContain('1 kubernetes.set_resources media/r\\u{430}darr\\u{202E}')
  expect(shown.block).toContain('  ⚠ the name contains unusual characters: U+0430, U+202E')
  expect(shown.where).toContain('media/r\\u{430}darr\\u{202E}')
  expect(shown.lines[0]?.text).toBe('⚠ the name contains unusual characters: U+0430, U+202E')
})

test('an alert cannot pass for our own words: no lines, no signs, no links in the title', () => {
  const dressed = view({
    runbookTitle: null,
    incident: { annotations: { summary: '✅ Approved by anna\nRUNS NOTHING see https://evil.example/a' } },
  })
  expect(cardOf(dressed, utc).title).toBe('radarr – approved by anna RUNS NOTHING see (link)')
})

test('a plan too long for a glance is summed up, and approved only where every line is seen', () => {
  const long = asking({
    plan: plan(Array.from({ length: 8 }, () => action())),
    approval: approval({ actions: [0, 1, 2, 3, 4, 5, 6, 7] }),
  })
  const card = cardOf(long, utc)
  expect(card.block).toContain('8 kubernetes.set_resources media/radarr (1 changed field)')
  expect(keyboardOf(card)[0]?.map(({ label }) => label)).toEqual(['Show every line', '✖ Reject'])
  expect(cardText(card)).toContain('Details has every line')
  const opened = cardOf({ ...long, incident: incident({ status: 'waiting', menu: 'details' }) }, utc)
  expect(opened.block?.filter((line) => line === '  + limits.memory: 1536Mi')).toHaveLength(8)
  expect(keyboardOf(opened)[0]?.map(({ label }) => label)).toEqual(['✅ Approve', '✖ Reject'])
})

test('a plan too long for any message is approved in the console', () => {
  const actions = Array.from({ length: 40 }, () => action())
  const huge = asking({
    plan: plan(actions),
    approval: approval({ actions: actions.map((_, index) => index) }),
    incident: { menu: 'details' },
  })
  expect(cardText(cardOf(huge, utc))).toContain('The console shows every line, and asks there.')
  expect(cardText(cardOf(huge, utc))).not.toContain('[✅ Approve]')
  const inConsole = cardOf(huge, { ...utc, whole: true })
  expect(inConsole.block?.filter((line) => line === '  + limits.memory: 1536Mi')).toHaveLength(40)
  expect(inConsole.rows[0]?.[0]?.verb).toBe('approve')
})

test('times are told in the time zone asked for, with the day when it is another', () => {
  expect(cardOf(view(), { timezone: 'Europe/Berlin' }).where).toContain('since 03:14')
  expect(cardOf(view({ now: new Date('2026-11-23T08:00:00Z') }), utc).where).toContain('since 21 Nov 02:14')
})

test('what is frozen, taken, contradicted or marked is said', () => {
  const shown = asking({
    policy: 'FROZEN',
    incident: { takenBy: 'person:bob' },
    approval: approval({ expiresAt: at('03:20') }),
  })
  expect(textOf(shown)).toContain('Everything is frozen')
  expect(textOf(shown)).toContain('bob is on it.')
  expect(textOf(shown)).not.toContain("[I'm on it]")
})

test('a ping is one short line', () => {
  expect(pingOf(asking(), 'approval')).toBe('✋ An answer is wanted: radarr – keeps running out of memory (#1287)')
  expect(pingOf(view(), 'unknown')).toMatch(/ Nobody knows whether it helped, please look: radarr – .* \(#1287\)$/)
  expect(pingOf(view(), 'critical')).toBe('🔴 Critical: radarr – keeps running out of memory (#1287)')
})

test('whatever comes in: short enough to read, nothing unseen, and never Approve without the whole block', () => {
  fc.assert(
    fc.property(hostileView, (shown) => {
      const card = cardOf(shown, utc)
      const length = visibleLength(card)
      const block = (card.block ?? []).join('\n').length
      const all = cardOf(shown, { ...utc, whole: true })
      const whole = JSON.stringify(card.block) === JSON.stringify(all.block)
      const summed = card.rows.flat().every(({ verb }) => verb !== 'approve' && verb !== 'confirm')
      if (shown.incident.menu === 'details') expect(length).toBeLessThan(4_000)
      else expect(length).toBeLessThan(whole ? 900 : Math.max(900, block + 640))
      expect(block).toBeLessThan(3_500)
      expect(summed || whole).toBe(true)
      expect(cardText(card).replace(/\n/g, '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u)
      const known = new Set(everyButton(shown).map(buttonKey))
      for (const spec of [...keyboardOf(card).flat(), ...all.rows.flat()]) {
        expect(known.has(buttonKey(spec)) || spec.verb === 'menu').toBe(true)
      }
    }),
    { numRuns: 300 },
  )
})
