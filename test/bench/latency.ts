import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { percentile, report } from './report.ts'
import { ALICE, startBenchStage } from './stage.ts'

/** Incidents a second, and for how long. */
const RATE = 5

/** From a webhook received to the card accepted by the simulated Telegram, and from a press to its visible answer. */
async function main(): Promise<number> {
  const { values } = parseArgs({ options: { json: { type: 'boolean' }, seconds: { type: 'string', default: '30' } } })
  const incidents = RATE * Number(values.seconds)
  const stage = await startBenchStage(incidents)
  const cards: number[] = []
  const presses: number[] = []
  try {
    const one = async (i: number) => {
      const told = Date.now()
      await stage.breakAndTell(i)
      const first = await stage.card(i, () => true)
      cards.push(first.firstAt - told)
      const asking = await stage.card(i, ({ buttons }) => buttons.includes('Approve'))
      const pressed = Date.now()
      const { answer } = await stage.telegram.press({ message_id: asking.messageId, text: '✅ Approve', from: ALICE })
      const answered = await answer
      if (!answered) throw new Error(`the press for workload ${i} was never answered`)
      presses.push(answered.at - pressed)
    }
    const running: Promise<void>[] = []
    const begun = Date.now()
    for (let i = 0; i < incidents; i++) {
      await pause(Math.max(0, begun + (i * 1000) / RATE - Date.now()))
      running.push(one(i))
      if (i % 25 === 0) process.stderr.write(`${i} of ${incidents} incidents\n`)
    }
    await Promise.all(running)
  } finally {
    await stage.stop()
  }
  const figures = {
    card_p50_ms: percentile(cards, 0.5),
    card_p99_ms: percentile(cards, 0.99),
    press_p99_ms: percentile(presses, 0.99),
  }
  const bounds = { card_p50_ms: { atMost: 500 }, card_p99_ms: { atMost: 2000 }, press_p99_ms: { atMost: 1000 } }
  return report(figures, bounds, values.json === true)
}

process.exitCode = await main()
