import { expect, test } from 'vitest'
import { type Asked, findChanges } from '../../src/changes/find-changes.ts'
import type { JsonObject } from '../../src/domain/json.ts'

const window = { from: new Date('2026-11-21T01:14:00Z'), until: new Date('2026-11-21T02:14:00Z') }
const now = new Date('2026-11-21T02:15:00Z')

/** Answers what it was told by tool, and keeps what it was asked; a tool it was told nothing of is not there. */
function asking(answers: Record<string, Asked | JsonObject>) {
  const asked: [string, JsonObject][] = []
  const ask = async (tool: string, args: JsonObject): Promise<Asked | undefined> => {
    asked.push([tool, args])
    const told = answers[tool]
    return told === undefined || 'because' in told ? (told as Asked | undefined) : { answer: told as JsonObject }
  }
  return { ask, asked }
}

const deployment = { namespace: 'shop', workload: 'cart', labels: { deployment: 'cart' } }
const history = {
  items: [
    { revision: 2, current: true, name: 'cart-b', created: '2026-11-21T02:00:00Z', images: ['x/cart:2'] },
    { revision: 1, current: false, name: 'cart-a', created: '2026-11-01T00:00:00Z', images: ['x/cart:1'] },
  ],
}

test('what Argo CD delivered is told beside the rollout, newest first', async () => {
  const { ask, asked } = asking({
    'kubernetes.rollout_history': history,
    'kubernetes.describe': { events: [], gitops: { owner: 'shop-app', by: 'Argo CD' } },
    'kubernetes.get': {
      object: {
        'status.history': [
          { id: 1, revision: 'aaaaaaabbbbbbbcccccccdddddddeeeeeeefffff', deployedAt: '2026-11-01T00:00:00Z' },
          { id: 2, revision: '0123456789012345678901234567890123456789', deployedAt: '2026-11-21T01:59:58Z' },
        ],
        'status.operationState': { phase: 'Failed', message: 'a hook failed', finishedAt: '2026-11-21T02:05:00Z' },
      },
    },
  })
  const found = await findChanges(ask, { subject: deployment, window, now })
  expect(found?.items).toEqual([
    { at: '2026-11-21T02:05:00Z', what: 'Argo CD could not sync shop-app', note: 'a hook failed' },
    { at: '2026-11-21T02:00:00Z', what: 'cart 1 → 2', note: 'ReplicaSet 2' },
    { at: '2026-11-21T01:59:58Z', what: 'Argo CD deployed shop-app 0123456' },
  ])
  expect(asked).toContainEqual([
    'kubernetes.get',
    {
      kind: 'applications.argoproj.io',
      namespace: 'argocd',
      name: 'shop-app',
      fields: ['status.history', 'status.operationState'],
    },
  ])
})

test('what Flux released or applied is told', async () => {
  const { ask } = asking({
    'kubernetes.rollout_history': { items: [] },
    'kubernetes.describe': { events: [], gitops: { owner: 'apps/cart', by: 'Flux' } },
    'kubernetes.get': {
      object: {
        'status.history': [
          { chartName: 'cart', chartVersion: '1.2.0', lastDeployed: '2026-11-21T02:00:00Z', status: 'deployed' },
          {
            firstReconciled: '2026-11-21T01:30:00Z',
            metadata: { revision: 'main@sha1:0123456789012345678901234567890123456789' },
          },
        ],
      },
    },
  })
  const found = await findChanges(ask, { subject: deployment, window, now })
  expect(found?.items).toEqual([
    { at: '2026-11-21T02:00:00Z', what: 'Flux released cart cart 1.2.0', note: 'deployed' },
    { at: '2026-11-21T01:30:00Z', what: 'Flux applied cart main@0123456' },
  ])
})

test('of a node: what Kubernetes reports of it, and what Proxmox VE did on it', async () => {
  const { ask, asked } = asking({
    'kubernetes.events': {
      items: [
        {
          at: '2026-11-21T02:10:00Z',
          reason: 'NodeNotSchedulable',
          message: 'Node w1 status is now: NodeNotSchedulable',
        },
        { at: '2026-11-21T02:11:00Z', reason: 'FreeDiskSpaceFailed', message: 'a symptom' },
      ],
    },
    'proxmox.tasks_list': {
      items: [
        { type: 'vzdump', node: 'w1', user: 'root@pam', started: '2026-11-21T02:00:00Z', status: 'OK' },
        { type: 'vncshell', node: 'w1', user: 'root@pam', started: '2026-11-21T02:01:00Z', status: 'OK' },
        { type: 'qmstart', id: '100', node: 'w1', user: 'root@pam', started: '2026-11-20T02:01:00Z', status: 'OK' },
      ],
    },
  })
  const found = await findChanges(ask, {
    subject: { namespace: null, workload: 'w1', labels: { node: 'w1' } },
    window,
    now,
  })
  expect(found?.items).toEqual([
    { at: '2026-11-21T02:10:00Z', what: 'w1: Node w1 status is now: NodeNotSchedulable' },
    { at: '2026-11-21T02:00:00Z', what: 'w1: backup', note: 'root@pam, OK' },
  ])
  expect(asked.map(([, args]) => args)).toEqual([
    { for: 'node/w1', since_seconds: 3_660 },
    { node: 'w1', since_hours: 2 },
  ])
})

test('of a guest: its tasks, its configuration among them', async () => {
  const task = { id: '101', node: 'pve1', user: 'alice@pve' }
  const { ask } = asking({
    'proxmox.tasks_list': {
      items: [
        { ...task, type: 'qmconfig', started: '2026-11-21T02:00:00Z', status: 'OK' },
        { ...task, type: 'qmstart', started: '2026-11-21T02:01:00Z', status: 'start failed' },
        { ...task, type: 'somethingnew', started: '2026-11-21T02:02:00Z', status: 'OK' },
      ],
    },
  })
  const labels = { id: 'qemu/101' }
  const found = await findChanges(ask, { subject: { namespace: null, workload: 'qemu/101', labels }, window, now })
  expect(found?.items.map(({ what, note }) => `${what} (${note})`)).toEqual([
    'guest 101: task somethingnew on pve1 (alice@pve, OK)',
    'guest 101: started on pve1 (alice@pve, start failed)',
    'guest 101: configuration changed on pve1 (alice@pve, OK)',
  ])
})

test('an alert that names nothing, or whose platform nobody can ask, is not looked into', async () => {
  const { ask, asked } = asking({})
  const nothing = { namespace: null, workload: null, labels: { alertname: 'Watchdog' } }
  expect(await findChanges(ask, { subject: nothing, window, now })).toBeUndefined()
  expect(asked).toEqual([])
  expect(await findChanges(ask, { subject: deployment, window, now })).toBeUndefined()
})

test('an answer that did not come is told, and the rest is there', async () => {
  const { ask } = asking({
    'kubernetes.rollout_history': history,
    'kubernetes.describe': { because: 'it did not answer within 900 ms' },
  })
  const found = await findChanges(ask, { subject: deployment, window, now })
  expect(found).toMatchObject({
    total: 1,
    minutes: 60,
    looked: ['kubernetes.rollout_history'],
    missed: [{ tool: 'kubernetes.describe', because: 'it did not answer within 900 ms' }],
  })
})

test('a flood of changes is bounded, and its size is known', async () => {
  const items = Array.from({ length: 200 }, (_, at) => ({
    ...{ type: 'qmconfig', id: '101', node: 'pve1', user: 'alice@pve', status: `OK ${at}` },
    started: new Date(window.from.getTime() + at * 1_000).toISOString(),
  }))
  const { ask } = asking({ 'proxmox.tasks_list': { items } })
  const subject = { namespace: null, workload: 'qemu/101', labels: { id: 'qemu/101' } }
  const found = await findChanges(ask, { subject, window, now })
  expect(found?.items).toHaveLength(12)
  expect(found?.total).toBe(200)
  expect(found?.items[0]?.note).toBe('alice@pve, OK 199')
})
