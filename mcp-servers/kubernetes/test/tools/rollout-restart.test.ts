import { expect, test } from 'vitest'
import { cart, fakeCluster, shop } from '../fake-cluster.ts'
import { ask, serverOn } from '../harness.ts'

const args = { namespace: 'shop', workload: 'deployment/cart' }

test('a dry run says what would change and changes nothing', async () => {
  const cluster = shop()
  expect(await ask(cluster, 'rollout_restart', args)).toMatchObject({
    summary: 'Would restart deployment/cart in shop.',
    dry_run: true,
    target: { cluster: 'home', kind: 'Deployment', namespace: 'shop', name: 'cart', uid: 'uid-cart' },
    diff: [{ field: 'restartedAt', from: null, to: 'the time it runs' }],
    precondition: { uid: 'uid-cart', generation: 3 },
    undoable: false,
    undo: null,
    effect: null,
  })
  expect(cluster.asked.map(({ call, dryRun }) => [call, dryRun])).toEqual([
    ['readForChange', undefined],
    ['patch', true],
  ])
})

test('the real run marks the object with its effect and keeps the last eight', async () => {
  const before = Array.from({ length: 8 }, (_, at) => `effect-${at}`)
  const cluster = fakeCluster([cart({ annotations: { 'watchkeeper/effects': before.join(',') } })])
  const server = await serverOn(cluster)
  const effect = crypto.randomUUID()
  const answer = await server.call('rollout_restart', { ...args, dry_run: false }, { grant: true, effect })
  expect(answer.structuredContent).toMatchObject({
    dry_run: false,
    effect,
    summary: 'Did restart deployment/cart in shop.',
  })
  expect(cluster.asked.at(-1)?.patch).toMatchObject({
    metadata: { annotations: { 'watchkeeper/effects': [effect, ...before.slice(0, 7)].join(',') } },
  })
})

test('a paused rollout is refused, because nothing would restart', async () => {
  const cluster = fakeCluster([cart({ spec: { paused: true } })])
  expect(await ask(cluster, 'rollout_restart', args)).toMatchObject({ error: { code: 'refused' } })
})

test('what a person should know is said: GitOps, Recreate', async () => {
  const labels = { 'kustomize.toolkit.fluxcd.io/name': 'apps', 'kustomize.toolkit.fluxcd.io/namespace': 'flux-system' }
  const cluster = fakeCluster([cart({ labels, spec: { strategy: { type: 'Recreate' } } })])
  expect(await ask(cluster, 'rollout_restart', args)).toMatchObject({
    gitops: { owner: 'flux-system/apps', by: 'Flux' },
    warnings: [expect.stringContaining('Flux writes this object'), expect.stringContaining('Recreate')],
  })
})
