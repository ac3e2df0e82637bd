import { type Case, changesOf, resolve } from '../cases.ts'
import { type Context, type FaultReport, inLane, type Tally } from '../fault.ts'
import type { Lane } from '../lane.ts'
import { readTrace } from '../points.ts'
import { approve, changed, closes } from '../scenarios.ts'
import { until } from '../wait.ts'

/** The product's own: a grant lives for 15 s. */
const SETTINGS = {}
const SETTLED_WITHIN_MS = 30_000
/** By then a call is on the wire; the cluster holds it for longer. */
const ON_THE_WIRE_MS = 250
const HELD_MS = 1_200

/** What the cluster does with the call whose caller dies. */
type Fate = 'lands' | 'lands late' | 'never arrives' | 'cannot be told'

/**
 * F2: kill -9 between sending a call that must not be repeated and storing what it answered. A restart counts each time it
 * is made; afterwards it was made once, and the agent knows it, or says within 30 s that it does not.
 */
export async function f2(context: Context, tally: Tally): Promise<FaultReport> {
  const fates: Fate[] = ['lands', 'lands late', 'never arrives', 'cannot be told']
  const rounds = context.quick ? 1 : 3
  const times: number[] = []
  const problems: string[] = []
  const results = await Promise.all(
    fates.map((fate) =>
      inLane(context, `f2-${fate.replaceAll(' ', '-')}`, async (lane) => {
        for (let round = 0; round < rounds; round++) times.push(await cutOff(lane, fate))
      }),
    ),
  )
  for (const result of results) problems.push(...tally.add(result).problems)
  const slowest = Math.max(0, ...times)
  if (slowest > SETTLED_WITHIN_MS) problems.push(`it took ${slowest} ms until people knew`)
  return { runs: fates.length * rounds, problems, facts: { calls_cut: times.length, slowest_to_know_ms: slowest } }
}

/** One call cut off; answers how long after the restart it was settled. */
async function cutOff(lane: Lane, fate: Fate): Promise<number> {
  const { world } = lane
  const agent = await lane.agent(SETTINGS)
  const one = await lane.open('ChaosRestart')
  const match = new RegExp(`PATCH .*/deployments/${one.name}$`)
  if (fate === 'lands') await world.cluster.dropAnswer({ match })
  else if (fate === 'never arrives') await world.cluster.hang({ match })
  else await world.cluster.delayNext({ match, ms: HELD_MS })
  const earlier = callsOf(lane)
  await approve(lane, one)
  await until('the call to go out', () => callsOf(lane) >= earlier + 3, { everyMs: 10 })
  if (fate === 'lands') await changed(lane, one, 1)
  else await new Promise((done) => setTimeout(done, ON_THE_WIRE_MS))
  agent.signal('SIGKILL')
  await agent.gone
  if (fate === 'cannot be told') await world.cluster.removeWorkload(one.workload)
  const again = await lane.agent(SETTINGS)
  await until('the call to be settled', () => isSettled(lane, one), { timeoutMs: 2 * SETTLED_WITHIN_MS })
  const took = Date.now() - again.startedAt
  await finish(lane, one, fate)
  return took
}

async function finish(lane: Lane, one: Case, fate: Fate): Promise<void> {
  if (fate === 'cannot be told') {
    await lane.hands.card(one, 'Check again', SETTLED_WITHIN_MS)
    await lane.hands.insist(one, 'Abandon', lane.world.people.alice)
    await resolve(lane.world, one)
    await closes(lane, one, /Given up:/)
    return
  }
  await closes(lane, one, /Fixed:/)
  const made = (await changesOf(lane.world, one)).length
  if (made !== 1) throw new Error(`${one.workload} was restarted ${made} times when the call ${fate}`)
}

/** Settled: known by probe to have run, made again because it had not, or in doubt and said so. */
async function isSettled({ world }: Lane, one: Case): Promise<boolean> {
  const rows = await world.database.sql<{ status: string }[]>`
    select e.status from effects e join incidents i on i.id = e.incident_id where i.workload = ${one.name}
    order by e.attempt desc limit 1`
  return rows[0]?.status === 'done' || rows[0]?.status === 'in_doubt'
}

function callsOf({ world }: Lane): number {
  const passed = readTrace(world.trace)
  return passed.filter(({ point, when }) => point === 'tool:kubernetes.rollout_restart' && when === 'before').length
}
