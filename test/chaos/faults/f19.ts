import { changesOf, fire, incidentOf, resolve } from '../cases.ts'
import { type Context, type FaultReport, inLane, type Tally } from '../fault.ts'
import { readSaid } from '../history.ts'
import { cardOf } from '../judge.ts'
import type { Lane } from '../lane.ts'
import { APPROVE, approve, changed } from '../scenarios.ts'
import { until } from '../wait.ts'
import { dataOf } from './f18.ts'

const WITHDRAWN_WITHIN_MS = 5_000
const HELD_MS = 1_500
const PATIENCE = { timeoutMs: 60_000 }

/**
 * F19: the alert ends while an approval is pending, its labels change, or it ends in the middle of a run: the card is
 * withdrawn within 5 s and a press says so; the run goes to its end and is told.
 */
export async function f19(context: Context, tally: Tally): Promise<FaultReport> {
  const rounds = context.quick ? 1 : 4
  const times: number[] = []
  const stories = [async (lane: Lane) => void times.push(await endsWhileAsked(lane)), labelsChange, endsInMidRun]
  const results = await Promise.all(
    stories.map((story, at) =>
      inLane(context, `f19-${at}`, async (lane) => {
        await lane.agent()
        for (let round = 0; round < rounds; round++) await story(lane)
      }),
    ),
  )
  const problems = results.flatMap((result) => tally.add(result).problems)
  const slowest = Math.max(0, ...times)
  if (slowest > WITHDRAWN_WITHIN_MS) problems.push(`a card was withdrawn after ${slowest} ms`)
  return { runs: stories.length * rounds, problems, facts: { slowest_withdrawal_ms: slowest } }
}

/** Answers how long after Alertmanager's webhook the card had no Approve any more. */
async function endsWhileAsked(lane: Lane): Promise<number> {
  const { world, hands } = lane
  const one = await lane.open('ChaosRestart')
  const card = await hands.card(one, APPROVE)
  const data = dataOf(card.keyboard, APPROVE)
  await resolve(world, one)
  const at = await until(
    `the card of ${one.workload} to be withdrawn`,
    () => {
      const last = cardOf(readSaid(world.oracles.telegram), one.workload)
      return last && /Cleared by itself:/.test(last.text) ? last.at : undefined
    },
    { everyMs: 20 },
  )
  const told = (await world.alertmanager.deliveries()).find(
    ({ payload, status }) =>
      status === 200 &&
      payload.alerts.some((alert) => alert.fingerprint === one.fingerprint && alert.status === 'resolved'),
  )
  const pressed = await world.telegram.press({ message_id: card.message_id, data, from: world.people.alice })
  const said = (await pressed.answer)?.text ?? ''
  if (!/withdrawn|cleared/i.test(said)) throw new Error(`a press on a withdrawn card was told "${said}"`)
  await lane.settle()
  if ((await changesOf(world, one)).length > 0) throw new Error(`${one.workload} was changed after its alert had ended`)
  lane.endings.push({ workload: one.workload, says: /Cleared by itself:/ })
  return at - (told?.at ?? at)
}

/** Another pod, another severity: a new alert of the same trouble joins, the old one ends, and the approval stays good. */
async function labelsChange(lane: Lane): Promise<void> {
  const { world } = lane
  const one = await lane.open('ChaosRestart')
  await lane.hands.card(one, APPROVE)
  const other = await fire(world, 'ChaosRestart', one.name, {
    pod: `${one.name}-7d9f8b6c5d-x2x4z`,
    severity: 'critical',
  })
  lane.fired.push({ fingerprint: other.fingerprint, workload: other.workload })
  await resolve(world, one)
  await until(
    'both to be taken in',
    async () => {
      const rows = await world.database.sql`
        select status from alerts where labels ->> 'deployment' = ${one.name} order by id`
      return rows.length === 2 && rows[0]?.status === 'resolved' && rows[1]?.status === 'firing'
    },
    PATIENCE,
  )
  await approve(lane, other, 'bob')
  await changed(lane, other, 1)
  await resolve(world, other)
  await until('the end', async () => (await incidentOf(world, other))?.status === 'closed', PATIENCE)
  const incidents = await world.database.sql`select id from incidents where workload = ${one.name}`
  if (incidents.length !== 1) throw new Error(`${one.workload} became ${incidents.length} incidents`)
  lane.endings.push({ workload: one.workload, says: /Fixed:/ })
}

/** The cluster is slow, and the alert ends while the call is on its way: what was begun is brought to its end, and told. */
async function endsInMidRun(lane: Lane): Promise<void> {
  const { world } = lane
  const one = await lane.open('ChaosRestart')
  await lane.hands.card(one, APPROVE)
  await world.cluster.delayNext({ match: new RegExp(`PATCH .*/deployments/${one.name}$`), ms: HELD_MS })
  await approve(lane, one)
  await until('the run to begin', async () => (await incidentOf(world, one))?.status === 'running', { everyMs: 20 })
  await resolve(world, one)
  await changed(lane, one, 1)
  await until('the end', async () => (await incidentOf(world, one))?.status === 'closed', PATIENCE)
  const { outcome } = (await incidentOf(world, one)) ?? {}
  if (outcome !== 'fixed') throw new Error(`${one.workload} ran to its end and came to ${outcome}`)
  lane.endings.push({ workload: one.workload, says: /Fixed:/ })
}
