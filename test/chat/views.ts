import type { Approval, Vote } from '../../src/domain/approval.ts'
import type { Effect } from '../../src/domain/effect.ts'
import type { Incident } from '../../src/domain/incident.ts'
import { type Action, type Plan, type PlanBody, planDigest } from '../../src/domain/plan.ts'
import type { AlertView, Finding, IncidentView } from '../../src/domain/view.ts'

/** Times of the night these fixtures tell of: `at('02:14')` is 14 minutes past two, UTC. */
export function at(time: string): Date {
  return new Date(`2026-11-21T${time.length === 5 ? `${time}:00` : time}.000Z`)
}

export const utc = { timezone: 'UTC' }

export function action(changes: Partial<Action> = {}): Action {
  return {
    index: 0,
    tool: 'kubernetes.set_resources',
    contract: 'c0ffee',
    effect: 'write',
    undoable: true,
    target: { cluster: 'talos-main', kind: 'Deployment', namespace: 'media', name: 'radarr', uid: '5c1e90aa-0001' },
    arguments: {
      namespace: 'media',
      workload: 'radarr',
      memory: '1536Mi',
      dry_run: false,
      precondition: { uid: '5c1e90aa-0001', generation: 7, values: 'sha256:0123456789abcdef0123456789abcdef' },
    },
    diff: [{ field: 'limits.memory', from: '1Gi', to: '1536Mi' }],
    dryRun: '1 object, 1 restart',
    wayBack: {
      tool: 'kubernetes.set_resources',
      arguments: { namespace: 'media', workload: 'radarr', memory: '1Gi', dry_run: false },
    },
    warnings: [],
    costs: 'about 20 s down',
    gitops: null,
    ...changes,
  }
}

export function plan(actions: Action[] = [action()], changes: Partial<PlanBody> = {}): Plan {
  const body: PlanBody = {
    v: 1,
    incident: 1287,
    round: 1,
    purpose: 'fix',
    runbook: { id: 'pod-oom-killed', version: 'ab12cd34ef56', ceiling: 'standard' },
    cluster: 'talos-main',
    inputs: { namespace: 'media', workload: 'radarr' },
    actions: actions.map((one, index) => ({ ...one, index })),
    verify: [
      {
        kind: 'tool',
        tool: 'kubernetes.rollout_status',
        args: {},
        expect: 'result.available && result.restarts_since == 0',
        withinMs: 600_000,
      },
      { kind: 'alert', withinMs: 1_800_000, forMs: 1_200_000 },
    ],
    ...changes,
  }
  return { id: 'plan-1', body, digest: planDigest(body), proposedBy: 'watchkeeper', createdAt: at('02:19') }
}

export function incident(changes: Partial<Incident> = {}): Incident {
  return {
    id: 1287,
    correlationKey: 'KubeContainerOOMKilled/talos-main/media/radarr',
    status: 'open',
    outcome: null,
    severity: 'critical',
    alertname: 'KubeContainerOOMKilled',
    cluster: 'talos-main',
    namespace: 'media',
    workload: 'radarr',
    labels: { alertname: 'KubeContainerOOMKilled', namespace: 'media', pod: 'radarr-7d9f' },
    annotations: {
      summary: 'Container was killed 7 times in 22 minutes.',
      description: 'radarr in media was killed 7 times in 22 min.',
    },
    round: 1,
    runbookId: 'pod-oom-killed',
    runbookVersion: 'ab12cd34ef56789',
    because: null,
    waitsFor: null,
    takenBy: null,
    menu: null,
    snoozedUntil: null,
    openedAt: at('02:14'),
    closedAt: null,
    wants: 1,
    served: 1,
    alertVersion: 1,
    ...changes,
  }
}

export function alert(changes: Partial<AlertView> = {}): AlertView {
  return {
    status: 'firing',
    labels: { alertname: 'KubeContainerOOMKilled', namespace: 'media', pod: 'radarr-7d9f' },
    annotations: {},
    startsAt: at('02:14'),
    endsAt: null,
    marks: [],
    contradicted: false,
    ...changes,
  }
}

export const findings: Finding[] = [
  {
    key: 'check:oom',
    tool: 'kubernetes.describe',
    ok: true,
    summary: 'OOMKilled (137), limit 1Gi, peak 1019Mi',
    at: at('02:18'),
  },
  { key: 'check:node', tool: 'kubernetes.describe', ok: true, summary: 'the node has 6Gi free', at: at('02:18') },
  {
    key: 'check:events',
    tool: 'kubernetes.events',
    ok: false,
    summary: 'no change of the image was found',
    at: at('02:18'),
  },
]

export const verified: Finding[] = [
  { key: 'verify:0', tool: 'kubernetes.rollout_status', ok: true, summary: 'available, 0 restarts', at: at('02:23') },
  { key: 'verify:1', tool: 'alert', ok: true, summary: 'alert clear for 20 min', at: at('02:43') },
]

export function approval(changes: Partial<Approval> = {}): Approval {
  return {
    id: 'approval-1',
    planId: 'plan-1',
    incidentId: 1287,
    actions: [0],
    attempt: 1,
    asks: 'one',
    status: 'pending',
    because: 'its level is manual',
    digest: plan().digest,
    requestedAt: at('02:20'),
    expiresAt: at('03:20'),
    decidedAt: null,
    decidedBy: null,
    ...changes,
  }
}

export function vote(person: string, time: string, verdict: Vote['verdict'] = 'approve', role = 'operator'): Vote {
  return { person, role, verdict, at: at(time) }
}

export function effect(changes: Partial<Effect> = {}): Effect {
  return {
    id: 'effect-1',
    planId: 'plan-1',
    incidentId: 1287,
    action: 0,
    attempt: 1,
    status: 'done',
    authorizationId: 'authorization-1',
    startedAt: at('02:22'),
    settlesAt: at('02:24'),
    finishedAt: at('02:22:30'),
    result: null,
    because: null,
    byProbe: false,
    ...changes,
  }
}

type ViewChanges = Partial<Omit<IncidentView, 'incident'>> & { incident?: Partial<Incident> }

export function view({ incident: changed, ...changes }: ViewChanges = {}): IncidentView {
  return {
    incident: incident(changed),
    alerts: [alert()],
    firing: 7,
    total: 7,
    runbookTitle: 'Keeps running out of memory',
    advice: null,
    findings,
    plan: null,
    approval: null,
    votes: [],
    effects: [],
    timeline: [
      {
        id: 1,
        round: 1,
        name: 'incident.opened',
        actor: 'alertmanager',
        from: null,
        to: 'open',
        detail: {},
        at: at('02:14'),
      },
      {
        id: 2,
        round: 1,
        name: 'plan.proposed',
        actor: 'watchkeeper',
        from: 'open',
        to: 'waiting',
        detail: {},
        at: at('02:20'),
      },
    ],
    investigations: [],
    keptHome: false,
    askCloud: false,
    record: { fixed: 5, notFixed: 1 },
    policy: 'VERBOSE',
    now: at('02:21'),
    ...changes,
  }
}

/** An incident that waits for an answer; what else differs is given. */
export function asking({ incident: changed, ...changes }: ViewChanges = {}): IncidentView {
  return view({ incident: { status: 'waiting', ...changed }, plan: plan(), approval: approval(), ...changes })
}

/** An incident whose plan was approved by anna; the effects say how it went. */
export function decided({ incident: changed, ...changes }: ViewChanges = {}): IncidentView {
  const settled = approval({ status: 'approved', decidedAt: at('02:21'), decidedBy: 'person:anna' })
  return view({
    incident: { status: 'running', ...changed },
    plan: plan(),
    approval: settled,
    now: at('02:43'),
    ...changes,
  })
}

export function scaleAction(changes: Partial<Action> = {}): Action {
  return action({
    tool: 'kubernetes.scale',
    arguments: { namespace: 'media', kind: 'Deployment', workload: 'radarr', replicas: 2, dry_run: false },
    diff: [{ field: 'spec.replicas', from: '1', to: '2' }],
    dryRun: '1 object',
    costs: null,
    wayBack: { none: 'the second replica shares a volume' },
    undoable: false,
    ...changes,
  })
}

/** One view for every state a card can stand in. */
export const everyState: Record<string, IncidentView> = {
  looking: view(),
  advised: view({
    incident: { status: 'watching', outcome: 'advised', runbookId: null, runbookVersion: null },
    runbookTitle: null,
    findings: [],
  }),
  asked: asking(),
  second: asking({ approval: approval({ asks: 'two' }), votes: [vote('anna', '02:21')] }),
  confirm: asking({ approval: approval({ asks: 'self_two' }), votes: [vote('anna', '02:20:30')] }),
  running: decided({ effects: [effect({ status: 'started', finishedAt: null })] }),
  verifying: decided({
    incident: { status: 'verifying' },
    effects: [effect()],
    findings: [...findings, ...verified.slice(0, 1)],
  }),
  fixed: decided({
    incident: { status: 'closed', outcome: 'fixed', closedAt: at('02:43') },
    effects: [effect()],
    findings: [...findings, ...verified],
    firing: 0,
    record: { fixed: 6, notFixed: 1 },
  }),
  not_fixed: decided({
    incident: { status: 'watching', outcome: 'not_fixed', because: 'It was killed again 4 min after the change.' },
    effects: [effect()],
  }),
  unknown: decided({
    incident: { status: 'watching', outcome: 'unknown', because: 'Nothing was heard of the alert.' },
    effects: [effect()],
  }),
  reverted: decided({ incident: { status: 'watching', outcome: 'reverted' }, effects: [effect()] }),
  failed: decided({
    incident: { status: 'watching', outcome: 'not_fixed' },
    effects: [effect({ status: 'failed', because: 'The API server refused it: quota exceeded.' })],
  }),
  partial: decided({
    incident: { status: 'watching', outcome: 'not_fixed' },
    plan: plan([action(), scaleAction(), scaleAction()]),
    effects: [
      effect(),
      effect({ id: 'effect-2', action: 1, status: 'failed', because: 'quota exceeded' }),
      effect({ id: 'effect-3', action: 2, status: 'skipped', startedAt: null, finishedAt: null }),
    ],
  }),
  doubt: decided({
    incident: { status: 'watching' },
    effects: [effect({ status: 'in_doubt', finishedAt: null, because: 'The server stopped before it answered.' })],
  }),
  rejected: asking({
    incident: { status: 'watching', outcome: 'rejected' },
    approval: approval({ status: 'rejected', decidedAt: at('02:21'), decidedBy: 'person:bob' }),
  }),
  expired: asking({
    incident: { status: 'watching', outcome: 'expired' },
    approval: approval({ status: 'expired', decidedAt: at('03:20'), decidedBy: 'watchkeeper' }),
    now: at('03:21'),
  }),
  cleared: asking({
    incident: { status: 'closed', outcome: 'self_resolved', closedAt: at('02:25') },
    approval: approval({ status: 'withdrawn' }),
    firing: 0,
  }),
  snoozed: view({ incident: { status: 'snoozed', snoozedUntil: at('03:21') } }),
  ignored: view({ incident: { status: 'ignored' } }),
  waits: view({ incident: { status: 'open', waitsFor: 12 } }),
  abandoned: decided({
    incident: { status: 'closed', outcome: 'abandoned' },
    effects: [effect({ status: 'in_doubt', finishedAt: null })],
  }),
  closed: view({ incident: { status: 'closed', outcome: 'advised' }, firing: 0 }),
}
