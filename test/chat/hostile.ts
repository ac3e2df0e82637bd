import fc from 'fast-check'
import type { Action } from '../../src/domain/plan.ts'
import type { IncidentView } from '../../src/domain/view.ts'
import { action, alert, approval, everyState, findings } from './views.ts'

/** Pieces that break markup, fake lines, hide, reverse or impersonate; and things Telegram makes clickable. */
const nasty = [
  '<b>',
  '</pre>',
  '&lt;',
  '&#60;',
  '"><script>alert(1)</script>',
  '\u202e',
  '\u200b',
  '\u0000',
  '\ud800',
  '\n✅ Approved by anna\n',
  'rаdarr',
  'https://evil.example/x',
  'evil.com',
  't.me/joinchat',
  '@admin',
  '/freeze',
  '#leak',
  'a@b.io',
  '10.0.0.1',
  '$(reboot)',
  '--server=x',
  '../..',
  '`',
  'e\u0301\u0301\u0301\u0301\u0301\u0301',
  '👨‍👩‍👧',
]

/** Any text at all, with more than its share of what is dangerous. */
export const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc
    .array(fc.oneof(fc.constantFrom(...nasty), fc.string({ maxLength: 12 })), { maxLength: 12 })
    .map((parts) => parts.join('')),
  fc
    .constantFrom(...nasty)
    .chain((piece) => fc.integer({ min: 1, max: 400 }).map((times) => `${piece} `.repeat(times))),
)

const changed = { key: 'changed', tool: 'kubernetes.describe', ok: true, at: new Date(0) }

const shortText = text.map((value) => value.slice(0, 60))

const hostileAction: fc.Arbitrary<Action> = fc
  .record({
    tool: shortText,
    namespace: fc.option(shortText),
    target: shortText,
    arguments: fc.dictionary(shortText, fc.oneof(shortText, fc.integer(), fc.boolean(), fc.constant(null)), {
      maxKeys: 5,
    }),
    diff: fc.array(fc.record({ field: shortText, from: fc.option(shortText), to: fc.option(shortText) }), {
      maxLength: 4,
    }),
    dryRun: text,
    none: text,
    warnings: fc.array(text, { maxLength: 2 }),
  })
  .map(({ tool, namespace, target, arguments: args, diff, dryRun, none, warnings }) =>
    action({
      tool,
      target: { cluster: 'c', kind: 'Deployment', namespace, name: target, uid: null },
      arguments: args,
      diff,
      dryRun,
      wayBack: { none },
      warnings,
    }),
  )

/** A view in any state, with hostile text wherever text from outside can be. */
export const hostileView: fc.Arbitrary<IncidentView> = fc
  .record({
    base: fc.constantFrom(...Object.values(everyState)),
    menu: fc.constantFrom(null, 'quiet', 'more', 'details' as const),
    texts: fc.array(text, { minLength: 14, maxLength: 14 }),
    actions: fc.option(fc.array(hostileAction, { minLength: 1, maxLength: 5 })),
    titled: fc.boolean(),
  })
  .map(({ base, menu, texts, actions, titled }) => {
    const [
      a = '',
      b = '',
      c = '',
      d = '',
      e = '',
      f = '',
      g = '',
      h = '',
      i = '',
      j = '',
      k = '',
      l = '',
      m = '',
      n = '',
    ] = texts
    // A lone surrogate has no digest, and cannot reach a plan; it may stand in a view all the same.
    const indexed = actions?.map((one, index) => ({ ...one, index }))
    const made = indexed && base.plan ? { ...base.plan, body: { ...base.plan.body, actions: indexed } } : base.plan
    return {
      ...base,
      incident: {
        ...base.incident,
        menu: menu as IncidentView['incident']['menu'],
        alertname: a,
        cluster: b,
        namespace: c,
        workload: d,
        annotations: { summary: e, description: f },
        because: g === '' ? null : g,
        takenBy: h,
      },
      runbookTitle: titled ? i : null,
      alerts: [alert({ labels: { [j]: k }, marks: [l] })],
      findings: [
        ...findings,
        { key: `check:${m}`, tool: n, ok: true, summary: n, at: base.now },
        { ...changed, summary: k, changes: [{ at: base.now.toISOString(), what: l, note: m }] },
      ],
      plan: made,
      approval:
        base.approval &&
        approval({ ...base.approval, because: m, actions: (made?.body.actions ?? []).map((one) => one.index) }),
    }
  })
