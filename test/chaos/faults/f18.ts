import { type Case, changesOf, incidentOf } from '../cases.ts'
import { type Context, type FaultReport, inLane, type Tally } from '../fault.ts'
import type { Lane } from '../lane.ts'
import { APPROVE, approve, changed, closes } from '../scenarios.ts'
import { until } from '../wait.ts'

const TTL_MS = 3_000
const SETTINGS = { approvalTtlMs: TTL_MS }
/** Moments of a press around the end of the question, in milliseconds after it. */
const MOMENTS = [-500, -200, -100, -40, 40]

/** F18: a press after expiry, and during it: nothing runs unless the press was first; whoever comes late is told, and may ask anew. */
export async function f18(context: Context, tally: Tally): Promise<FaultReport> {
  const rounds = context.quick ? 1 : 3
  const counts = { in_time: 0, too_late: 0 }
  const results = await Promise.all([
    inLane(context, 'f18-after', async (lane) => {
      await lane.agent(SETTINGS)
      for (let round = 0; round < rounds; round++) await pressAfter(lane)
    }),
    inLane(context, 'f18-during', async (lane) => {
      await lane.agent(SETTINGS)
      for (let round = 0; round < rounds; round++)
        for (const moment of MOMENTS) counts[await pressAround(lane, moment)] += 1
    }),
  ])
  const problems = results.flatMap((result) => tally.add(result).problems)
  return { runs: rounds * (1 + MOMENTS.length), problems, facts: counts }
}

/** An old card stays on a phone that was offline: its button is pressed when the question is long over. */
async function pressAfter(lane: Lane): Promise<void> {
  const { world, hands } = lane
  const one = await lane.open('ChaosRestart')
  const card = await hands.card(one, APPROVE)
  const data = dataOf(card.keyboard, APPROVE)
  await until('the question to run out', async () => (await incidentOf(world, one))?.outcome === 'expired')
  const { answer } = await world.telegram.press({ message_id: card.message_id, data, from: world.people.alice })
  const said = (await answer)?.text ?? ''
  if (!/expired/i.test(said)) throw new Error(`a press after the end was told "${said}"`)
  await lane.settle()
  const made = (await changesOf(world, one)).length
  if (made > 0) throw new Error(`${one.workload} was changed ${made} times after its question had run out`)
  await asksAnew(lane, one)
}

/** A press at the moment of expiry: whichever is first wins, and the answer says which it was. */
async function pressAround(lane: Lane, moment: number): Promise<'in_time' | 'too_late'> {
  const { world, hands } = lane
  const one = await lane.open('ChaosRestart')
  const card = await hands.card(one, APPROVE)
  const data = dataOf(card.keyboard, APPROVE)
  const ends = await endOf(lane, one)
  await new Promise((done) => setTimeout(done, ends + moment - Date.now()))
  hands.pressings.push({
    at: Date.now(),
    by: 'alice',
    label: APPROVE,
    message: card.message_id,
    workload: one.workload,
  })
  const { answer } = await world.telegram.press({ message_id: card.message_id, data, from: world.people.alice })
  const said = (await answer)?.text ?? ''
  if (/^Approved/.test(said)) {
    await changed(lane, one, 1)
    await closes(lane, one, /Fixed:/)
    return 'in_time'
  }
  if (!/expired/i.test(said)) throw new Error(`a press ${moment} ms after the end was told "${said}"`)
  await until('the question to run out', async () => (await incidentOf(world, one))?.outcome === 'expired')
  await lane.settle()
  const made = (await changesOf(world, one)).length
  if (made > 0) throw new Error(`${one.workload} was changed although its press was told that it had expired`)
  await closes(lane, one, /Nobody answered:/)
  return 'too_late'
}

async function asksAnew(lane: Lane, one: Case): Promise<void> {
  await lane.hands.insist(one, 'Plan again', lane.world.people.bob)
  await approve(lane, one)
  await changed(lane, one, 1)
  await closes(lane, one, /Fixed:/)
}

/** When the question ends, on this machine's clock, which is also the database's. */
async function endOf({ world }: Lane, one: Case): Promise<number> {
  const [row] = await world.database.sql<{ at: Date }[]>`
    select expires_at as at from approvals a join incidents i on i.id = a.incident_id
    where i.workload = ${one.name} and a.status = 'pending'`
  if (!row) throw new Error(`nothing is asked about ${one.workload}`)
  return row.at.getTime()
}

export function dataOf(
  keyboard: readonly (readonly { text: string; callback_data?: string }[])[],
  label: string,
): string {
  const button = keyboard.flat().find(({ text }) => text.includes(label))
  if (button?.callback_data === undefined) throw new Error(`the card has no button "${label}"`)
  return button.callback_data
}
