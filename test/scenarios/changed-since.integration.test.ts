import { Agent, request } from 'undici'
import { afterEach, expect, test } from 'vitest'
import { alice, bob, startWatch, type Watch, type WatchOptions } from '../support/watch.ts'
import { memory, mending, runbook } from './runbooks.ts'

let watch: Watch
const begin = async (options: WatchOptions = {}) => {
  watch = await startWatch({ runbooks: mending, ...options })
}
afterEach(() => watch?.stop())

test('a target that changed between card and press is left alone, and asked about anew', async () => {
  await begin()
  const card = await watch.asked()
  await patch('shop', 'cart', { spec: { replicas: 3 } })
  await card.press('approve', bob)
  const second = await watch.until((view, state) => state === 'asked' && view.incident.round === 2)
  expect(watch.cluster.restarts('shop/cart')).toBe(0)
  expect(second.view.plan?.digest).not.toBe(card.view.plan?.digest)
  expect((await card.press('approve', alice)).text).toBe('bob approved this already.')
  expect(await refusals()).toHaveLength(1)
  await second.press('approve', bob)
  expect((await watch.closed()).state).toBe('fixed')
  expect(watch.cluster.restarts('shop/cart')).toBe(1)
})

test('values that somebody else set in the meantime are not overwritten', async () => {
  const raise = runbook({ alertnames: 'KubeContainerOOMKilled', steps: memory('384Mi') })
  await begin({ runbooks: { raise }, fault: null })
  watch.cluster.breakWorkload('shop/cart', 'oom', { needs: '2Gi' })
  const card = await watch.asked()
  await patch('shop', 'cart', {
    spec: { template: { spec: { containers: [{ name: 'cart', resources: { limits: { memory: '1Gi' } } }] } } },
  })
  await card.press('approve', bob)
  const second = await watch.until((view, state) => state === 'asked' && view.incident.round === 2)
  expect(second.view.plan?.body.actions[0]?.diff[0]).toMatchObject({ from: '1Gi', to: '384Mi' })
  expect(watch.cluster.changes()).toHaveLength(1)
})

test('a plan whose row was edited after it was shown can be approved by nobody, and is made again', async () => {
  await begin()
  const card = await watch.asked()
  await watch.db.sql`
    update plans set body = jsonb_set(body, '{actions,0,arguments,workload}', '"deployment/other"') where round = 1`
  const answer = await card.press('approve', alice)
  expect(answer).toEqual({ text: 'The plan has changed since it was shown. I will ask again.', alert: true })
  const second = await watch.until((view, state) => state === 'asked' && view.incident.round === 2)
  expect(second.view.plan?.body.actions[0]?.arguments.workload).toBe('deployment/cart')
  expect(watch.cluster.changes()).toEqual([])
  expect(await refusals()).toEqual(['the plan is not what was shown'])
})

test('a plan whose row was edited after it was approved does not run', async () => {
  await begin()
  const card = await watch.asked()
  await watch.stopAgent()
  await card.press('approve', alice)
  await watch.db.sql`
    update plans set body = jsonb_set(body, '{actions,0,arguments,workload}', '"deployment/other"') where round = 1`
  await watch.startAgent()
  await watch.until((view, state) => state === 'asked' && view.incident.round === 2)
  expect(watch.cluster.changes()).toEqual([])
  expect(await refusals()).toHaveLength(1)
})

test('a server whose tools describe themselves otherwise since the card is set aside, and people are told', async () => {
  await begin()
  const card = await watch.asked()
  await watch.server.redescribe()
  await watch.server.kill()
  await card.press('approve', bob)
  const after = await watch.until(({ incident }) => incident.status === 'watching')
  expect(watch.cluster.changes()).toEqual([])
  expect(after.view.incident.because).toMatch(/cannot be used now\. Nothing ran/)
  expect(after.offers('again')).toBe(true)
  await after.press('again', bob)
  const told = await watch.until(({ incident }) => incident.round === 2 && incident.status === 'watching')
  expect(told.view.incident.because).toMatch(/its tools have changed since they were accepted/)
  expect(await refusals()).toHaveLength(1)
})

test('a server that restarted between card and press gets a grant of its own, and runs once', async () => {
  await begin()
  const card = await watch.asked()
  await watch.server.kill()
  await card.press('approve', bob)
  expect((await watch.closed()).state).toBe('fixed')
  expect(watch.cluster.restarts('shop/cart')).toBe(1)
})

test('where nobody could look once more before the start, nothing runs, and nobody is told that something changed', async () => {
  await begin()
  const card = await watch.asked()
  watch.cluster.dropAnswer({ match: /^PATCH .*cart/, dryRun: true })
  await card.press('approve', bob)
  const second = await watch.until((view, state) => state === 'asked' && view.incident.round === 2)
  expect(watch.cluster.changes()).toEqual([])
  expect(await refusals()).toEqual([
    expect.stringMatching(/^Nobody could look whether it is still as it was shown\. .* gave no answer: /),
  ])
  await second.press('approve', bob)
  expect((await watch.closed()).state).toBe('fixed')
})

/** Somebody else changes a deployment, past the agent. */
async function patch(namespace: string, name: string, body: object): Promise<void> {
  const { statusCode } = await request(
    `${watch.cluster.url}/apis/apps/v1/namespaces/${namespace}/deployments/${name}`,
    {
      method: 'PATCH',
      headers: {
        authorization: `Bearer ${watch.cluster.token('operator')}`,
        'content-type': 'application/strategic-merge-patch+json',
      },
      body: JSON.stringify(body),
      dispatcher: new Agent({ connect: { ca: watch.cluster.certificate } }),
    },
  )
  expect(statusCode).toBe(200)
}

async function refusals(): Promise<string[]> {
  const rows = await watch.db.sql<{ because: string }[]>`
    select body->>'because' as because from ledger where kind = 'refused' order by seq`
  return rows.map(({ because }) => because)
}
