import { parseArgs } from 'node:util'
import { report } from './report.ts'
import { ALICE, nameOf, startBenchStage } from './stage.ts'

const AT_ONCE = 8

/** Whole incidents a second: alert, card, press, run, verify, record; and what the agent weighs after a thousand. */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { json: { type: 'boolean' }, incidents: { type: 'string', default: '1000' } },
  })
  const incidents = Number(values.incidents)
  const stage = await startBenchStage(incidents)
  try {
    const cold = stage.agent.startMs
    const warm = (await stage.restart()).startMs
    const idle = stage.agent.rssMb()
    let next = 0
    let done = 0
    const lane = async () => {
      for (let i = next++; i < incidents; i = next++) {
        await stage.breakAndTell(i)
        const asking = await stage.card(i, ({ buttons }) => buttons.includes('Approve'))
        await stage.telegram.press({ message_id: asking.messageId, text: '✅ Approve', from: ALICE })
        await stage.cluster.waitUntil(() => stage.cluster.restarts(`shop/${nameOf(i)}`) === 1, { timeoutMs: 30_000 })
        await stage.tellOver(i)
        await stage.card(i, ({ text }) => text.includes('Fixed'))
        done += 1
        if (done % 100 === 0) process.stderr.write(`${done} of ${incidents} incidents fixed\n`)
      }
    }
    const begun = performance.now()
    await Promise.all(Array.from({ length: AT_ONCE }, lane))
    const seconds = (performance.now() - begun) / 1000
    const figures = {
      incidents_per_s: Math.round((incidents / seconds) * 10) / 10,
      rss_mb: stage.agent.rssMb(),
      idle_rss_mb: idle,
      cold_start_ms: cold,
      warm_start_ms: warm,
    }
    return report(figures, { incidents_per_s: { atLeast: 10 }, rss_mb: { atMost: 300 } }, values.json === true)
  } finally {
    await stage.stop()
  }
}

process.exitCode = await main()
