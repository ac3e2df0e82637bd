import { type Case, incidentOf, resolve } from '../cases.ts'
import { type Context, type FaultReport, inLane, type Tally } from '../fault.ts'
import { readSaid } from '../history.ts'
import type { Lane } from '../lane.ts'
import { shuffled } from '../shuffled.ts'
import { until } from '../wait.ts'

const COPIES = 100
const PATIENCE = { timeoutMs: 30_000 }

/**
 * F12: the same webhook 100 times, to two replicas, firing and resolved out of order: one incident, one card, and the state
 * that Alertmanager itself holds wins, not the one that arrived last.
 */
export async function f12(context: Context, tally: Tally): Promise<FaultReport> {
  const rounds = context.quick ? 1 : 3
  const posted: number[] = []
  const result = await inLane(context, 'f12', async (lane) => {
    await Promise.all([lane.agent(), lane.world.start({}, { replica: 1 })])
    for (let round = 0; round < rounds; round++) {
      posted.push(await manyCopies(lane, 'firing'))
      posted.push(await manyCopies(lane, 'resolved'))
    }
  })
  return {
    runs: 2 * rounds,
    problems: tally.add(result).problems,
    facts: { webhooks: posted.reduce((sum, count) => sum + count, 0) },
  }
}

/** Posts both states of one alert a hundred times each, in any order, to both replicas. */
async function manyCopies(lane: Lane, truth: 'firing' | 'resolved'): Promise<number> {
  const { world } = lane
  const one = await lane.open('ChaosRace')
  const firing = await payloadOf(lane, one, 'firing')
  await resolve(world, one)
  const resolved = await payloadOf(lane, one, 'resolved')
  if (truth === 'firing') await world.alertmanager.fire(one.labels, {}, { startsAt: one.startsAt })
  const copies = shuffled([firing, resolved].flatMap((payload) => Array.from({ length: COPIES }, () => payload)))
  const answers = await Promise.all(copies.map((payload, at) => post(lane, at % 2, payload)))
  const refused = answers.filter((status) => status !== 200)
  if (refused.length > 0)
    throw new Error(`${refused.length} of ${copies.length} webhooks were never taken, ${refused[0]}`)
  const settled = truth === 'firing' ? 'waiting' : 'closed'
  await until(
    `${one.workload} to be ${settled}`,
    async () => (await incidentOf(world, one))?.status === settled,
    PATIENCE,
  )
  await lane.settle()
  const now = (await incidentOf(world, one))?.status
  if (now !== settled) throw new Error(`${one.workload} was ${settled} and then ${now}`)
  await once(lane, one)
  if (truth === 'resolved') lane.endings.push({ workload: one.workload, says: /Cleared by itself:|Over:/ })
  return copies.length
}

async function once({ world }: Lane, one: Case): Promise<void> {
  const incidents = await world.database.sql`select id from incidents where workload = ${one.name}`
  if (incidents.length !== 1) throw new Error(`${one.workload} became ${incidents.length} incidents`)
  const cards = new Set(
    readSaid(world.oracles.telegram)
      .filter(({ text }) => text.includes(`${one.workload} `))
      .map(({ message }) => message),
  )
  if (cards.size !== 1) throw new Error(`${one.workload} has ${cards.size} cards`)
}

async function payloadOf({ world }: Lane, one: Case, status: 'firing' | 'resolved'): Promise<unknown> {
  return await until(`a webhook that says ${one.workload} is ${status}`, async () => {
    const deliveries = await world.alertmanager.deliveries()
    const found = deliveries.findLast(({ payload }) =>
      payload.alerts.some((alert) => alert.fingerprint === one.fingerprint && alert.status === status),
    )
    if (!found) return undefined
    const alerts = found.payload.alerts.filter((alert) => alert.fingerprint === one.fingerprint)
    return { ...found.payload, alerts }
  })
}

/** Posts as Alertmanager does: what is answered with 503 is sent again. */
async function post({ world }: Lane, replica: number, payload: unknown): Promise<number> {
  const { url, credentials } = world.webhook(replica)
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${credentials.bearer}` }
  for (let tries = 1; ; tries++) {
    const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(payload) })
    await response.arrayBuffer()
    if (response.status !== 503 || tries === 20) return response.status
    await new Promise((again) => setTimeout(again, 100 * tries))
  }
}
