import { type Case, changesOf, fire, incidentOf, resolve } from '../cases.ts'
import { type Context, type FaultReport, inLane, type Tally } from '../fault.ts'
import type { Lane } from '../lane.ts'
import { APPROVE, approve, changed, closes } from '../scenarios.ts'
import { until } from '../wait.ts'

const SETTINGS = { grantTtlMs: 3_000 }
const PATIENCE = { timeoutMs: 60_000 }
/** Longer than the grant lives and the agent waits before it looks. */
const DELAYED_MS = 14_000

/**
 * F22: a delayed call lands after the probe has said that it did not; two incidents plan on one workload; the second of three
 * actions fails; an alert fires again with the start it had.
 */
export async function f22(context: Context, tally: Tally): Promise<FaultReport> {
  const rounds = context.quick ? 1 : 2
  const stories = { landsLate, twoOnOne, secondFails, firesAgain }
  const results = await Promise.all(
    Object.entries(stories).map(([name, story]) =>
      inLane(context, `f22-${name}`, async (lane) => {
        await lane.agent(SETTINGS)
        for (let round = 0; round < rounds; round++) await story(lane)
      }),
    ),
  )
  return {
    runs: Object.keys(stories).length * rounds,
    problems: results.flatMap((result) => tally.add(result).problems),
    facts: { stories: Object.keys(stories).length },
  }
}

/**
 * The cluster holds the call until its grant is over, the probe says that it did not happen, a second attempt is made, and
 * then the first one lands: the version it read is an old one by then, so it must bounce.
 */
async function landsLate(lane: Lane): Promise<void> {
  const { world } = lane
  const one = await lane.open('ChaosRestart')
  await lane.hands.card(one, APPROVE)
  await world.cluster.delayNext({ match: new RegExp(`PATCH .*/deployments/${one.name}$`), ms: DELAYED_MS })
  await approve(lane, one)
  await changed(lane, one, 1)
  await new Promise((done) => setTimeout(done, DELAYED_MS))
  const made = (await changesOf(world, one)).length
  if (made !== 1) throw new Error(`${one.workload} was restarted ${made} times`)
  const attempts = await world.database.sql`
    select e.id from effects e join incidents i on i.id = e.incident_id where i.workload = ${one.name}`
  if (attempts.length < 2) throw new Error('the probe was never believed, so nothing was tried')
  await closes(lane, one, /Fixed:/)
}

/** Two alerts about one workload, each with a plan: the second waits until the first is over, and is planned again then. */
async function twoOnOne(lane: Lane): Promise<void> {
  const { world } = lane
  const first = await lane.open('ChaosRestart')
  await approve(lane, first)
  await changed(lane, first, 1)
  const second = await fire(world, 'ChaosMemory', first.name)
  lane.fired.push({ fingerprint: second.fingerprint, workload: second.workload })
  await until('the second to wait its turn', () => waits(lane, second), PATIENCE)
  const early = (await changesOf(world, second)).length
  if (early !== 1) throw new Error(`${second.workload} was changed while another incident had it`)
  await resolve(world, first)
  await until('the end of the first', async () => (await incidentOf(world, first))?.status === 'closed', PATIENCE)
  await until('a plan of the second', async () => ((await incidentOf(world, second))?.round ?? 0) > 1, PATIENCE)
  await approve(lane, second, 'bob')
  await changed(lane, second, 2)
  await closes(lane, second, /Fixed:/)
}

async function waits({ world }: Lane, one: Case): Promise<boolean> {
  const id = (await incidentOf(world, one))?.id ?? 0
  const [row] = await world.database.sql`select waits_for from incidents where id = ${id}`
  return row?.waits_for !== null && row?.waits_for !== undefined
}

/** Three steps, the second refused by the cluster for good: the third is skipped, and what is left is offered and asked anew. */
async function secondFails(lane: Lane): Promise<void> {
  const { world, hands } = lane
  const one = await lane.open('ChaosThree')
  await approve(lane, one)
  await changed(lane, one, 1)
  await hands.card(one, APPROVE)
  // Somebody else scales it meanwhile, so that the second step no longer is what was shown; and it is refused for good.
  await world.cluster.hang({ match: new RegExp(`PATCH .*/deployments/${one.name}$`), times: 3 })
  await approve(lane, one)
  const rest = await hands.card(one, 'Plan for the rest')
  const made = (await changesOf(world, one)).length
  if (made !== 1) throw new Error(`${one.workload} was changed ${made} times when the second of three steps had failed`)
  if (!/skipped/.test(rest.text)) throw new Error('the card does not say that the third step was skipped')
  await hands.insist(one, 'Plan for the rest', world.people.bob)
  await approve(lane, one)
  await changed(lane, one, 2)
  await approve(lane, one)
  await changed(lane, one, 3)
  await closes(lane, one, /Fixed:/)
}

/** Alertmanager says resolved and then firing again with the same start, as it does after a short gap: the incident reopens. */
async function firesAgain(lane: Lane): Promise<void> {
  const { world } = lane
  const one = await lane.open('ChaosRestart')
  await approve(lane, one)
  await changed(lane, one, 1)
  await resolve(world, one)
  await until('the end', async () => (await incidentOf(world, one))?.status === 'closed', PATIENCE)
  const before = await incidentOf(world, one)
  const again = await fire(world, 'ChaosRestart', one.name, {}, one.startsAt)
  await until('the incident to reopen', async () => (await incidentOf(world, again))?.status === 'waiting', PATIENCE)
  const after = await incidentOf(world, again)
  if (after?.id !== before?.id) throw new Error(`${one.workload} became a second incident`)
  await approve(lane, again, 'bob')
  await changed(lane, again, 2)
  await closes(lane, again, /Fixed:/)
}
