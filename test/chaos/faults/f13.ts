import { type Case, changesOf } from '../cases.ts'
import { type Context, type FaultReport, inLane, type Tally } from '../fault.ts'
import type { Lane } from '../lane.ts'
import { APPROVE, changed, closes } from '../scenarios.ts'
import { until } from '../wait.ts'

const PRESSES = 50

/** F13: Approve pressed 50 times at once by two people, and every press delivered again: one run, the others told whose it is. */
export async function f13(context: Context, tally: Tally): Promise<FaultReport> {
  const rounds = context.quick ? 1 : 4
  const result = await inLane(context, 'f13', async (lane) => {
    await lane.agent()
    for (let round = 0; round < rounds; round++) await crowd(lane)
  })
  return {
    runs: rounds,
    problems: tally.add(result).problems,
    facts: { presses: rounds * PRESSES, redelivered: rounds * PRESSES },
  }
}

async function crowd(lane: Lane): Promise<void> {
  const { world, hands } = lane
  const one = await lane.open('ChaosRestart')
  const card = await hands.card(one, APPROVE)
  const presses = await Promise.all(
    Array.from({ length: PRESSES }, (_, at) =>
      hands.press(card, APPROVE, at % 2 === 0 ? world.people.alice : world.people.bob),
    ),
  )
  await Promise.all(presses.map(({ update_id }) => world.telegram.redeliver(update_id)))
  const answers = await Promise.all(presses.map(({ answer }) => answer))
  const winner = await until('somebody to have decided', () => deciderOf(lane, one))
  const winners = answers.filter((answer) => answer?.text === 'Approved, running.')
  const others = answers.filter((answer) => answer !== winners[0])
  // Whoever has to wait for long is told that the press was received; the card says the rest.
  const told = new RegExp(`^${winner} approved this already|^Received`)
  const untold = others.filter((answer) => !told.test(answer?.text ?? ''))
  const saysWho = new RegExp(`${winner} approved`)
  await until('the card to say who it was', async () => {
    const messages = await world.telegram.messages()
    return messages.some(({ message_id, text }) => message_id === card.message_id && saysWho.test(text))
  })
  await changed(lane, one, 1)
  await closes(lane, one, /Fixed:/)
  const made = (await changesOf(world, one)).length
  if (winners.length > 1) throw new Error(`${winners.length} of ${PRESSES} presses were told that they had approved`)
  if (untold.length > 0)
    throw new Error(`${untold.length} were not told that it was ${winner}, but "${untold[0]?.text ?? 'nothing'}"`)
  if (made !== 1) throw new Error(`${one.workload} was restarted ${made} times`)
}

async function deciderOf({ world }: Lane, { name }: Case): Promise<string | undefined> {
  const [row] = await world.database.sql<{ by: string | null }[]>`
    select decided_by as by from approvals a join incidents i on i.id = a.incident_id where i.workload = ${name}`
  return row?.by ?? undefined
}
