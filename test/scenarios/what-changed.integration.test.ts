import { afterEach, expect, test } from 'vitest'
import { detailsOf } from '../../src/chat/cards/details.ts'
import { clockFace } from '../../src/chat/cards/times.ts'
import { clientOf } from '../simulators/kubernetes/client.ts'
import { type SimulatedTelegram, startTelegram } from '../simulators/telegram/server.ts'
import { type SeenCard, startWatch, type Watch, type WatchOptions } from '../support/watch.ts'
import { mending } from './runbooks.ts'

let watch: Watch
let telegram: SimulatedTelegram

/** A watch that talks in a chat, whose tool servers are up before anything breaks. */
async function begin(options: WatchOptions = {}): Promise<void> {
  telegram = await startTelegram()
  const env = {
    TELEGRAM_BOT_TOKEN: telegram.token,
    TELEGRAM_CHAT_ID: String(telegram.chatId),
    TELEGRAM_API_ROOT: telegram.url,
    TELEGRAM_RATE_PER_MINUTE: '0',
  }
  watch = await startWatch({ runbooks: mending, fault: null, ...options, env: { ...env, ...options.env } })
  await watch.app.parts()
}
afterEach(async () => {
  await watch?.stop()
  await telegram?.stop()
})

/** What somebody with kubectl, or a controller, does to the cluster. */
async function asAdmin<T>(work: (client: ReturnType<typeof clientOf>) => Promise<T>): Promise<T> {
  const client = clientOf(watch.cluster, 'admin')
  try {
    return await work(client)
  } finally {
    await client.close()
  }
}

const rollOut = (image: string) =>
  asAdmin((client) =>
    client.patch('/apis/apps/v1/namespaces/shop/deployments/cart', {
      spec: { template: { spec: { containers: [{ name: 'cart', image }] } } },
    }),
  )

function lineOf({ card }: SeenCard): string | undefined {
  return card.lines.find(({ label }) => label === 'Changed')?.text
}

test('a rollout before the alert is on the first card, in the chat too', async () => {
  await begin()
  await rollOut('ghcr.io/example/cart:1.5.0')
  watch.cluster.breakWorkload('shop/cart', 'crash-loop')
  const card = await watch.asked()
  expect(lineOf(card)).toMatch(/^cart 1\.4\.2 → 1\.5\.0 at \d\d:\d\d \(ReplicaSet 2\)$/)
  await expect
    .poll(() => telegram.messages().map(({ text }) => text), { timeout: 10_000 })
    .toContainEqual(expect.stringMatching(/Changed: cart 1\.4\.2 → 1\.5\.0 at/))
})

test('no runbook is for the alert: what changed is told all the same', async () => {
  await begin({ runbooks: {} })
  await rollOut('ghcr.io/example/cart:1.5.0')
  watch.cluster.breakWorkload('shop/cart', 'crash-loop')
  const card = await watch.until(({ incident }) => incident.status === 'watching')
  expect(lineOf(card)).toContain('cart 1.4.2 → 1.5.0')
})

test('what Argo CD delivered is told beside what it made', async () => {
  const annotations = { 'argocd.argoproj.io/tracking-id': 'shop-app:apps/Deployment:shop/cart' }
  await begin({ workloads: [{ namespace: 'shop', name: 'cart', annotations }] })
  await asAdmin(async (client) => {
    const revision = '0123456789012345678901234567890123456789'
    const application = {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Application',
      metadata: { name: 'shop-app', namespace: 'argocd' },
      spec: {},
    }
    await client.call('POST', '/api/v1/namespaces', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'argocd' },
    })
    const made = await client.call('POST', '/apis/argoproj.io/v1alpha1/namespaces/argocd/applications', application)
    expect(made.status).toBe(201)
    const status = { history: [{ id: 7, revision, deployedAt: new Date().toISOString() }] }
    const path = '/apis/argoproj.io/v1alpha1/namespaces/argocd/applications/shop-app/status'
    expect((await client.call('PATCH', path, { status }, 'application/merge-patch+json')).status).toBe(200)
  })
  watch.cluster.breakWorkload('shop/cart', 'crash-loop')
  const card = await watch.asked()
  expect(lineOf(card)).toMatch(/^Argo CD deployed shop-app 0123456 at \d\d:\d\d$/)
})

test('nothing changed: the card is silent about it, and the details say so', async () => {
  await begin()
  watch.cluster.breakWorkload('shop/cart', 'crash-loop')
  const card = await watch.asked()
  expect(lineOf(card)).toBeUndefined()
  const details = detailsOf(card.view, clockFace('UTC', card.view.now))
  expect(details).toContainEqual('✓ changed: nothing changed in the 60 min before')
})

test('CHANGES_MINUTES=0: nobody looks', async () => {
  await begin({ env: { CHANGES_MINUTES: '0' } })
  await rollOut('ghcr.io/example/cart:1.5.0')
  watch.cluster.breakWorkload('shop/cart', 'crash-loop')
  const card = await watch.asked()
  expect(card.view.findings.filter(({ key }) => key === 'changed')).toEqual([])
})

test('every tool server hangs: the first card comes within 2 s, and the runbook is on it within 2 s', async () => {
  await begin()
  await watch.server.hang(true)
  const begun = performance.now()
  watch.cluster.breakWorkload('shop/cart', 'crash-loop')
  await expect.poll(() => telegram.messages().length, { timeout: 10_000, interval: 10 }).toBeGreaterThan(0)
  expect(performance.now() - begun).toBeLessThan(2_000)
  const known = await watch.until(({ incident }) => incident.runbookId !== null)
  expect(performance.now() - begun).toBeLessThan(2_000)
  expect(lineOf(known)).toBeUndefined()
  await watch.server.hang(false)
})
