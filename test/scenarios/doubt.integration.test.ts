import { afterEach, expect, test } from 'vitest'
import type { Verb } from '../../src/domain/approval.ts'
import { decisionSource } from '../../src/knowledge/sources/decision-source.ts'
import { alice, bob, type SeenCard, startWatch, type Watch, type WatchOptions } from '../support/watch.ts'
import { mending, restart, runbook } from './runbooks.ts'

let watch: Watch
const begin = async (options: WatchOptions = {}) => {
  watch = await startWatch({ runbooks: mending, ...options })
}
afterEach(() => watch?.stop())

const shop = (...names: string[]) => names.map((name) => ({ namespace: 'shop', name }))
/** Longer than a runbook's window of 2 h, at the scale of these tests. */
const PAST_THE_WINDOW_MS = 200_000
const change = /^PATCH .*\/deployments\//

test('an answer that is lost is settled by a look at the mark: it was done, once', async () => {
  await begin()
  const card = await watch.asked()
  watch.cluster.dropAnswer({ match: change })
  await card.press('approve', bob)
  const end = await watch.closed()
  expect(end.state).toBe('fixed')
  expect(end.view.effects).toMatchObject([{ status: 'done', byProbe: true, attempt: 1 }])
  expect(watch.cluster.restarts('shop/cart')).toBe(1)
})

test('a call that never arrived is made again under the same permit', async () => {
  await begin()
  const card = await watch.asked()
  watch.cluster.hang({ match: change })
  await card.press('approve', bob)
  const end = await watch.closed()
  expect(end.state).toBe('fixed')
  expect(end.view.effects).toMatchObject([
    { status: 'failed', byProbe: true, attempt: 1 },
    { status: 'done', attempt: 2 },
  ])
  expect(watch.cluster.restarts('shop/cart')).toBe(1)
})

test('a server killed in mid-call: nobody looks before the call can no longer land, and then it is done once', async () => {
  await begin({ grantTtlMs: 1_500 })
  const card = await watch.asked()
  watch.cluster.delayNext({ match: change, ms: 300 })
  await card.press('approve', bob)
  await watch.until((_view, state) => state === 'running')
  await watch.server.kill()
  const end = await watch.closed()
  expect(end.state).toBe('fixed')
  expect(end.view.effects.filter(({ status }) => status === 'done')).toHaveLength(1)
  expect(watch.cluster.restarts('shop/cart')).toBe(1)
})

test('what cannot be told is in doubt; Check again finds that it was done, and it is verified', async () => {
  await begin()
  await inDoubt()
  await watch.server.up()
  const doubt = await watch.card()
  expect(doubt.offers('check_again') && doubt.offers('run_again') && doubt.offers('abandon')).toBe(true)
  await doubt.press('check_again', bob)
  const end = await watch.closed()
  expect(end.state).toBe('fixed')
  expect(watch.cluster.restarts('shop/cart')).toBe(1)
})

test('in doubt and found done while the alert still fires: it goes on to be verified', async () => {
  await begin({ fault: 'crash-loop-stubborn' })
  await inDoubt()
  await watch.server.up()
  await (await watch.card()).press('check_again', bob)
  const verifying = await watch.until((_view, state) => state === 'verifying')
  expect(verifying.view.effects).toMatchObject([{ status: 'done', byProbe: true }])
})

test('in doubt, abandoned by a person: nothing more runs, and it counts for nobody', async () => {
  await begin()
  await inDoubt()
  const doubt = await watch.card()
  await doubt.press('abandon', bob)
  const end = await watch.until(({ incident }) => incident.outcome === 'abandoned')
  expect(end.view.incident.because).toBe('bob left it as it is.')
  expect(end.view.record).toEqual({ fixed: 0, notFixed: 0 })
  expect(watch.cluster.restarts('shop/cart')).toBe(1)
})

test('in doubt, run again: it is asked for as another attempt of its own, and runs under that alone', async () => {
  await begin({ fault: 'crash-loop-stubborn' })
  await inDoubt()
  await watch.server.up()
  await (await watch.card()).press('run_again', bob)
  const asked = await watch.until((view, state) => state === 'asked' && view.approval?.attempt === 2)
  expect(watch.cluster.restarts('shop/cart')).toBe(1)
  await asked.press('reject', alice)
  const end = await watch.until((view) => view.approval?.status === 'rejected' && view.incident.status === 'watching')
  expect(tried(end)).toEqual(['1 in_doubt'])
  await end.press('check_again', bob)
  const verifying = await watch.until((_view, state) => state === 'verifying')
  expect(verifying.view.incident.round).toBe(1)
  expect(tried(verifying)).toEqual(['1 done'])
  expect(watch.cluster.restarts('shop/cart')).toBe(1)
})

test('another attempt that ran settles the first: not fixed, its target is free, and Again asks anew', async () => {
  await begin({ fault: 'crash-loop-stubborn' })
  await inDoubt(neverArrives)
  await watch.server.up()
  await (await watch.card()).press('run_again', bob)
  const asked = await watch.until((view, state) => state === 'asked' && view.approval?.attempt === 2)
  await asked.press('approve', alice)
  await watch.until((_view, state) => state === 'verifying')
  await watch.pass(PAST_THE_WINDOW_MS)
  const end = await watch.until((_view, state) => state === 'not_fixed')
  expect(tried(end)).toEqual(['1 in_doubt', '2 done'])
  expect(await watch.db.sql`select name from leases where name like 'target:%'`).toEqual([])
  await end.press('again', bob)
  const anew = await watch.until((_view, state) => state === 'asked')
  expect(anew.view.incident.round).toBe(2)
})

test('a step that ran once more is settled: the refusal of the next one says what ran', async () => {
  const steps = restart('deployment/cart', 'first') + restart('deployment/web', 'second')
  await begin({
    workloads: shop('cart', 'web'),
    runbooks: { mend: runbook({ steps }) },
    fault: 'crash-loop-stubborn',
  })
  await inDoubt(neverArrives)
  await watch.server.up()
  await (await watch.card()).press('run_again', bob)
  await (await watch.until((view) => view.approval?.attempt === 2)).press('approve', alice)
  const second = await watch.until((view, state) => state === 'asked' && view.approval?.actions[0] === 1)
  await watch.stopAgent()
  await second.press('approve', bob)
  await watch.policy('FROZEN')
  await watch.startAgent()
  const partial = await watch.until((_view, state) => state === 'partial')
  expect(partial.view.incident.because).toBe('Step 2 of 2 did not succeed: Everything is frozen.')
})

test('cut off after a look had told what became of the call, it goes on from there and asks for nothing', async () => {
  let armed = false
  await begin({
    fault: 'crash-loop-stubborn',
    observe: () => async (point, work) => {
      const result = await work()
      if (point === 'node:execute' && armed) {
        armed = false
        throw new Error('cut off')
      }
      return result
    },
  })
  await inDoubt()
  await watch.server.up()
  await (await watch.card()).press('run_again', bob)
  await (await watch.until((view) => view.approval?.attempt === 2)).press('reject', alice)
  const declined = await watch.until((view, state) => view.approval?.status === 'rejected' && state === 'doubt')
  armed = true
  await declined.press('check_again', bob)
  const verifying = await watch.until(({ incident }) => incident.round > 1 || incident.status === 'verifying')
  expect(armed).toBe(false)
  expect(verifying.view.incident.round).toBe(1)
  expect(tried(verifying)).toEqual(['1 done'])
})

test('a round that ends in doubt and then by what became of the call has both ends on record, and the second counts', async () => {
  const steps = restart('deployment/web', 'first') + restart('deployment/cart', 'second')
  await begin({
    workloads: shop('cart', 'web'),
    runbooks: { mend: runbook({ steps }) },
    fault: 'crash-loop-stubborn',
  })
  await (await watch.asked()).press('approve', bob)
  await watch.until((view) => view.approval?.actions[0] === 1)
  await inDoubt()
  await watch.server.up()
  await (await watch.card()).press('run_again', bob)
  await (await watch.until((view) => view.approval?.attempt === 2)).press('reject', alice)
  const declined = await watch.until((view, state) => view.approval?.status === 'rejected' && state === 'doubt')
  expect(await watch.db.sql`select outcome from trust`).toEqual([])
  await declined.press('check_again', bob)
  await watch.until((_view, state) => state === 'verifying')
  await watch.pass(PAST_THE_WINDOW_MS)
  const end = await watch.until((_view, state) => state === 'not_fixed')
  const ends = await watch.db.sql`select body->>'outcome' as outcome from ledger where kind = 'outcome' order by seq`
  expect(ends.map(({ outcome }) => outcome)).toEqual(['in_doubt', 'not_fixed'])
  expect(end.view.timeline.filter(({ name }) => name === 'round ended')).toHaveLength(2)
  expect(await watch.db.sql`select outcome, credit from trust`).toEqual([{ outcome: 'not_fixed', credit: 'failure' }])
  const [page] = await decisionSource(watch.db.sql).pages()
  expect(page?.facts).toMatchObject({ round: 1, outcome: 'not_fixed' })
})

test('a round never takes up the plan of another, nor the answer that was given on it', async () => {
  await begin({ fault: 'crash-loop-stubborn' })
  await (await watch.asked()).press('approve', bob)
  await watch.until((_view, state) => state === 'verifying')
  await watch.pass(PAST_THE_WINDOW_MS)
  const end = await watch.until((_view, state) => state === 'not_fixed')
  const { sql } = watch.db
  await sql`
    insert into plans (incident_id, round, purpose, body, digest, proposed_by)
    select incident_id, 2, purpose, body, digest, proposed_by from plans`
  await sql`
    insert into approvals (plan_id, incident_id, actions, asks, status, because, digest, expires_at, decided_by)
    select id, incident_id, '{0}', 'one', 'rejected', '', digest, watch_now(), 'bob' from plans where round = 2`
  await end.press('again', bob)
  const anew = await watch.until(({ incident }) => incident.round > 1 && incident.status !== 'open')
  expect(anew.view.incident.round).toBe(3)
  expect(anew.state).toBe('asked')
})

test('another attempt that nobody answers leaves the first in doubt: Check again looks at it', async () => {
  await begin({ fault: 'crash-loop-stubborn' })
  await inDoubt()
  await watch.server.up()
  await (await watch.card()).press('run_again', bob)
  await watch.until((view, state) => state === 'asked' && view.approval?.attempt === 2)
  await watch.pass(2 * 3_600_000)
  const expired = await watch.until((view, state) => view.approval?.status === 'expired' && state === 'doubt')
  await expired.press('check_again', bob)
  await watch.until((_view, state) => state === 'verifying')
  expect(watch.cluster.restarts('shop/cart')).toBe(1)
})

test('another attempt is answered or left: quiet and other plans wait until it is known what became of the first', async () => {
  await begin({ fault: 'crash-loop-stubborn' })
  await inDoubt()
  await watch.server.up()
  await (await watch.card()).press('run_again', bob)
  const asked = await watch.until((view, state) => state === 'asked' && view.approval?.attempt === 2)
  const others: Verb[] = ['snooze', 'ignore', 'modify', 'choose']
  expect(others.filter((verb) => asked.offers(verb))).toEqual([])
  await watch.db
    .sql`insert into requests (incident_id, verb, params, by) values (1, 'snooze', '{"minutes":60}', 'alice')`
  await watch.db.sql`update incidents set wants = wants + 1 where id = 1`
  await watch.until(({ incident }) => incident.wants === incident.served)
  await asked.press('reject', alice)
  const doubt = await watch.until((view, state) => view.approval?.status === 'rejected' && state === 'doubt')
  await doubt.press('check_again', bob)
  await watch.until((_view, state) => state === 'verifying')
})

test('frozen, another attempt is refused and the first stays in doubt; thawed, Check again looks and runs nothing', async () => {
  await begin({ fault: 'crash-loop-stubborn' })
  await inDoubt()
  await watch.policy('FROZEN')
  await (await watch.card()).press('run_again', bob)
  const refused = await watch.until(({ incident }) => incident.because === 'Refused: everything is frozen.')
  expect(refused.state).toBe('doubt')
  await watch.policy('NORMAL')
  await watch.server.up()
  await (await watch.card()).press('run_again', bob)
  const asked = await watch.until((view, state) => state === 'asked' && view.approval?.attempt === 3)
  await watch.stopAgent()
  await asked.press('approve', alice)
  await watch.policy('FROZEN')
  await watch.startAgent()
  const late = await watch.until(
    ({ incident }, state) => state === 'doubt' && /still not known\.$/.test(incident.because ?? ''),
  )
  expect(late.view.incident.outcome).toBe('in_doubt')
  await watch.policy('NORMAL')
  await (await watch.card()).press('check_again', bob)
  await watch.until((_view, state) => state === 'verifying')
  expect(watch.cluster.restarts('shop/cart')).toBe(1)
})

test('the alert fires again after an end in doubt: what may have run is looked at before anything is planned', async () => {
  await begin({ fault: 'crash-loop-stubborn' })
  await inDoubt()
  await watch.server.up()
  await (await watch.card()).press('run_again', bob)
  await watch.until((view) => view.approval?.attempt === 2)
  watch.holdAlerts()
  await watch.db.sql`update alerts set status = 'resolved', ends_at = watch_now()`
  await watch.db.sql`update incidents set wants = wants + 1, alert_version = alert_version + 1`
  await watch.closed()
  const firing = watch.alertmanager.deliveries().findLast(({ payload }) => payload.status === 'firing')
  if (!firing) throw new Error('nothing fired')
  await watch.alertmanager.redeliver(firing)
  const verifying = await watch.until((_view, state) => state === 'verifying')
  expect(tried(verifying)).toEqual(['1 done'])
  expect(watch.cluster.restarts('shop/cart')).toBe(1)
})

test('a plan that was given up before it changed anything holds its target no longer', async () => {
  const other = runbook({ id: 'other', alertnames: 'CartSlow', steps: restart() })
  await begin({ runbooks: { ...mending, other }, fault: 'crash-loop-stubborn' })
  const card = await watch.asked()
  watch.cluster.hang({ match: change })
  await card.press('approve', bob)
  await watch.until((_view, state) => state === 'running')
  await watch.policy('FROZEN')
  const given = await watch.until(({ incident }) => incident.status === 'watching')
  expect(given.view.incident.because).toBe('Everything is frozen. Nothing ran.')
  await watch.policy('NORMAL')
  watch.alertmanager.fire({ alertname: 'CartSlow', cluster: 'homelab', namespace: 'shop', deployment: 'cart' })
  const second = await watch.until(({ incident }) => ['waiting', 'watching'].includes(incident.status), 2)
  expect(second.state).toBe('asked')
})

test('two people press Run again, one of them on the card drawn in between: one question, and no standstill', async () => {
  await begin({ fault: 'crash-loop-stubborn' })
  await inDoubt()
  await watch.server.up()
  await watch.stopAgent()
  await (await watch.card()).press('run_again', bob)
  await (await watch.card()).press('run_again', alice)
  await watch.startAgent()
  const asked = await watch.until((view, state) => state === 'asked' && view.incident.wants === view.incident.served)
  expect(asked.view.approval).toMatchObject({ attempt: 2, status: 'pending' })
  expect(watch.complaints().filter((line) => line.includes('may not go'))).toEqual([])
})

test('the alert clears while another attempt is asked for: it ends in doubt, and is not said to have never run', async () => {
  await begin({ fault: 'crash-loop-stubborn' })
  await inDoubt()
  await watch.server.up()
  await (await watch.card()).press('run_again', bob)
  await watch.until((view) => view.approval?.attempt === 2)
  watch.cluster.heal('shop/cart')
  const end = await watch.closed()
  expect(end.view.incident.outcome).toBe('in_doubt')
})

test('a step in doubt that turns out done lets the plan go on: the next step is asked for, and runs', async () => {
  const steps = restart('deployment/cart', 'first') + restart('deployment/web', 'second')
  await begin({
    workloads: shop('cart', 'web'),
    runbooks: { mend: runbook({ steps }) },
    fault: 'crash-loop-stubborn',
  })
  await inDoubt()
  await watch.server.up()
  await (await watch.card()).press('check_again', bob)
  const second = await watch.until((view, state) => state === 'asked' && view.approval?.actions[0] === 1)
  await second.press('approve', bob)
  const after = await watch.until((_view, state) => state === 'verifying')
  expect(after.view.effects.filter(({ status }) => status === 'done').map(({ action }) => action)).toEqual([0, 1])
  expect(watch.cluster.restarts('shop/web')).toBe(1)
})

const tried = ({ view }: SeenCard) => view.effects.map(({ attempt, status }) => `${attempt} ${status}`)

/** The change is made, or never arrives; its answer is lost, and the server is away when its mark is looked for. */
async function inDoubt(lost = answerIsLost): Promise<void> {
  const card = await watch.asked()
  await lost(() => card.press('approve', bob))
  await watch.server.down()
  await watch.until(({ incident }, state) => state === 'doubt' && incident.status === 'watching')
}

async function answerIsLost(approve: () => Promise<unknown>): Promise<void> {
  watch.cluster.dropAnswer({ match: change })
  await approve()
  await watch.cluster.waitUntil(() => watch.cluster.restarts('shop/cart') === 1)
}

async function neverArrives(approve: () => Promise<unknown>): Promise<void> {
  watch.cluster.hang({ match: change })
  await approve()
  await watch.until(({ timeline }) => timeline.some(({ name }) => name === 'answer lost'))
}
