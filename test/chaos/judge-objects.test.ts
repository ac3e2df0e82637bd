import { expect, test } from 'vitest'
import type { Change, Entry, History, Planned, Pressing } from './history.ts'
import { doubled, mismatched, unapproved } from './judge.ts'

/** What is judged of changes of pods, nodes, Jobs and whole objects, most of which carry no mark or take two people. */

const PERMISSION = { deciders: ['alice', 'bob', 'carol'], admins: ['alice'], authorizationMs: 1_000 }
const PLAN = 'wk1:9f3ca1000000'

interface Step {
  tool: string
  /** What the card shows of it. */
  shown: string
  changes: Change[]
  planned?: Partial<Planned>
}

function made(kind: string, name: string, more: Partial<Change> = {}): Change {
  return { at: 300, workload: 'chaos/w1', deed: 'change', kind, name, effect: 'e1', body: {}, ...more }
}

const evicted = (name: string, uid: string) =>
  made('pods', name, { deed: 'evict', effect: null, body: { deleteOptions: { preconditions: { uid } } } })
const deleted = (name: string, uid: string) =>
  made('pods', name, { deed: 'delete', effect: null, body: { preconditions: { uid } } })
const closed = made('nodes', 'w1-full', { body: { spec: { unschedulable: true } } })
const job = (effect: string) =>
  made('jobs', `w1-tidy-wk-${effect}`, {
    deed: 'create',
    effect,
    body: { metadata: { ownerReferences: [{ kind: 'CronJob', name: 'w1-tidy' }] } },
  })
const labelled = (labels: Record<string, string>) =>
  made('deployments', 'w1', { body: { metadata: { labels, annotations: { 'watchkeeper/effects': 'e1' } } } })
const imageIs = (image: string) =>
  made('deployments', 'w1', { body: { spec: { template: { spec: { containers: [{ image }] } } } } })

const steps = {
  cordon: {
    tool: 'kubernetes.cordon',
    shown: '1 kubernetes.cordon node w1-full\n  - unschedulable: false\n  + unschedulable: true',
    changes: [closed],
  },
  uncordon: {
    tool: 'kubernetes.uncordon',
    shown: '1 kubernetes.uncordon node w1-full\n  - unschedulable: true\n  + unschedulable: false',
    changes: [made('nodes', 'w1-full', { body: { spec: { unschedulable: null } } })],
  },
  label: {
    tool: 'kubernetes.label_annotate',
    shown: '1 kubernetes.label_annotate chaos/w1\n  + labels.chaos/tidied: yes',
    changes: [labelled({ 'chaos/tidied': 'yes' })],
  },
  image: {
    tool: 'kubernetes.set_image',
    shown:
      '1 kubernetes.set_image chaos/w1\n  - w1.image: ghcr.io/example/w1:1.4.2\n  + w1.image: ghcr.io/example/w1:1.4.3',
    changes: [imageIs('ghcr.io/example/w1:1.4.3')],
  },
  job: {
    tool: 'kubernetes.create_job_from_cronjob',
    shown: '1 kubernetes.create_job_from_cronjob chaos/w1-tidy\n  + job: w1-tidy-wk-effect',
    changes: [made('cronjobs', 'w1-tidy'), job('e1')],
  },
  apply: {
    tool: 'kubernetes.apply',
    shown: '1 kubernetes.apply chaos/w1-settings\n  + data.mode: careful',
    changes: [made('configmaps', 'w1-settings', { body: { data: { mode: 'careful' } } })],
  },
  evict: {
    tool: 'kubernetes.evict_pod',
    shown:
      '1 kubernetes.evict_pod chaos/w1-set-0\n  - "pod chaos/w1-set-0": on talos-worker-1\n  only if unchanged: uid u1',
    changes: [evicted('w1-set-0', 'u1')],
    planned: { target: 'w1-set-0' },
  },
  delete: {
    tool: 'kubernetes.delete',
    shown: '1 kubernetes.delete chaos/w1-set-1\n  - pod/w1-set-1: present\n  only if unchanged: uid u2',
    changes: [deleted('w1-set-1', 'u2')],
    planned: { target: 'w1-set-1' },
  },
  drain: {
    tool: 'kubernetes.drain',
    shown: `1 kubernetes.drain node w1-full
  - unschedulable: false
  + unschedulable: true
  - "pod chaos/w1-guest-a": on w1-full
  - "pod chaos/w1-guest-b": on w1-full`,
    changes: [closed, evicted('w1-guest-a', 'u3'), evicted('w1-guest-b', 'u4')],
    planned: { fields: ['unschedulable', 'pod chaos/w1-guest-a', 'pod chaos/w1-guest-b'] },
  },
} satisfies Record<string, Step>
type Name = keyof typeof steps
const names = Object.keys(steps) as Name[]
const forTwo: Name[] = ['apply', 'evict', 'delete', 'drain']

function press(by: string, at: number): Pressing {
  return { at, by, label: 'Approve (1 of 2)', message: 3, workload: 'chaos/w1' }
}

function decided(by = 'alice', more: Record<string, unknown> = {}): Entry {
  return entry(1, 200, 'decided', { verdict: 'approved', by, actions: [0], ...more })
}

function ran(tool: string, effect = 'e1', seq = 2): Entry {
  return entry(seq, 320, 'ran', { effect, action: 0, tool, status: 'done' })
}

function entry(seq: number, at: number, kind: string, body: Record<string, unknown>): Entry {
  return { seq, at, kind, incident: 1, body: { plan: PLAN, ...body } }
}

/** A step that was shown, approved by bob and alice, and made. */
function history(name: Name, more: Partial<History> = {}): History {
  const { tool, shown, changes, planned }: Step = steps[name]
  return {
    deliveries: [],
    said: [{ at: 100, message: 3, text: `✋ Approve? w1\nplan 9f3c-a1\n${shown}\nchaos/w1 · homelab` }],
    changes,
    pressings: [press('bob', 150), press('alice', 190)],
    ledger: [decided(), ran(tool)],
    planned: [{ plan: PLAN, action: 0, tool, target: 'w1', fields: [], ...planned }],
    fired: [],
    endings: [],
    ...more,
  }
}

test.each(names)('%s, shown and approved and made once, has no faults', (name) => {
  const good = history(name)
  expect(doubled(good)).toEqual([])
  expect(unapproved(good, PERMISSION)).toEqual([])
  expect(mismatched(good)).toEqual([])
})

test.each(names)('each part of %s that is made twice is a double run', (name) => {
  const { changes } = steps[name]
  for (const again of changes)
    expect(doubled(history(name, { changes: [...changes, { ...again, at: 310 }] }))).toHaveLength(1)
})

test('a second Job of one action is a double run, whichever attempt made it', () => {
  const { tool, changes } = steps.job
  const ledger = [decided(), ran(tool), ran(tool, 'e2', 3)]
  expect(doubled(history('job', { ledger, changes: [...changes, job('e2')] }))).toHaveLength(1)
})

test.each(names)('%s that nobody approved, or that was approved afterwards, is counted', (name) => {
  const { length } = steps[name].changes
  const late = [press('alice', 301), press('bob', 302)]
  expect(unapproved(history(name, { pressings: [] }), PERMISSION)).toHaveLength(length)
  expect(unapproved(history(name, { pressings: late }), PERMISSION)).toHaveLength(length)
  expect(unapproved(history(name, { ledger: [] }), PERMISSION)).toHaveLength(length)
})

test('the pod that came under the name of the one that went is not to go as well', () => {
  const { changes } = steps.evict
  const twice = history('evict', { changes: [...changes, evicted('w1-set-0', 'another')] })
  expect(doubled(twice)).toHaveLength(1)
  expect(mismatched(twice)).toHaveLength(1)
  expect(mismatched(history('delete', { changes: [deleted('w1-set-1', 'another')] }))).toHaveLength(1)
})

test('an eviction or a deletion of a pod that no plan names belongs to nobody', () => {
  expect(unapproved(history('evict', { changes: [evicted('w1-set-7', 'u1')] }), PERMISSION)).toHaveLength(1)
  expect(unapproved(history('delete', { changes: [deleted('w1-set-7', 'u2')] }), PERMISSION)).toHaveLength(1)
  expect(unapproved(history('drain', { changes: [evicted('w1-other', 'u3')] }), PERMISSION)).toHaveLength(1)
})

test.each(forTwo)('%s takes two people, one of them an admin, each of whom pressed for it', (name) => {
  const { tool, changes } = steps[name]
  const faultsOf = (more: Partial<History>) => unapproved(history(name, more), PERMISSION)
  expect(faultsOf({ pressings: [press('alice', 150), press('alice', 190)] })).toHaveLength(changes.length)
  expect(faultsOf({ pressings: [press('vera', 150), press('alice', 190)] })).toHaveLength(changes.length)
  const noAdmin = [press('carol', 150), press('bob', 190)]
  expect(faultsOf({ ledger: [decided('bob'), ran(tool)], pressings: noAdmin })).toHaveLength(changes.length)
  // What bob pressed for the step before is no word on this one.
  const before = { ...decided('bob', { actions: [7] }), seq: 0, at: 160 }
  expect(faultsOf({ ledger: [before, decided(), ran(tool)] })).toHaveLength(changes.length)
})

test.each(forTwo)('%s is never permitted by a standing grant', (name) => {
  const { tool, changes } = steps[name]
  const ledger = [decided('alice', { verdict: 'standing' }), ran(tool)]
  expect(unapproved(history(name, { ledger }), PERMISSION)).toHaveLength(changes.length)
})

test.each(names)('%s of something else than the card showed is not what was shown', (name) => {
  const said = history(name).said.map(({ text, ...one }) => {
    const [head = '', plan = '', ...block] = text.split('\n')
    const other = block.slice(0, -1).map((line) => line.replace(/\bw1(?=-|$)/g, 'w9'))
    return { ...one, text: [head, plan, ...other, block.at(-1)].join('\n') }
  })
  expect(mismatched(history(name, { said })).length).toBeGreaterThan(0)
})

test.each<[Name, Change]>([
  ['cordon', made('nodes', 'w1-full', { body: { spec: { unschedulable: null } } })],
  ['label', labelled({ 'chaos/tidied': 'no' })],
  ['label', labelled({ 'chaos/tidied': 'yes', 'chaos/more': 'yes' })],
  ['image', imageIs('ghcr.io/example/w1:1x4.3')],
  ['apply', made('configmaps', 'w1-settings', { body: { data: { mode: 'careless' } } })],
])('%s with another value is not what was shown', (name, change) => {
  expect(mismatched(history(name, { changes: [change] })).length).toBeGreaterThan(0)
})

test('a deed that its tool does not do is not what was shown', () => {
  expect(mismatched(history('label', { changes: [job('e1')] }))).toHaveLength(1)
  expect(mismatched(history('evict', { changes: [deleted('w1-set-0', 'u1')] }))).toHaveLength(1)
})
